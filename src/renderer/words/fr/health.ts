import type { PageWords } from '../en/index.ts';

export const health: PageWords['health'] = {};
