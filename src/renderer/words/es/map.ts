import type { PageWords } from '../en/index.ts';

export const map: PageWords['map'] = {};
