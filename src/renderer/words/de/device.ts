import type { PageWords } from '../en/index.ts';

export const device: PageWords['device'] = {};
