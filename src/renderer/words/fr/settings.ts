import type { PageWords } from '../en/index.ts';

export const settings: PageWords['settings'] = {};
