import type { PageWords } from '../en/index.ts';

export const networks: PageWords['networks'] = {};
