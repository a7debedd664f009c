import type { PageWords } from '../en/index.ts';

export const keys: PageWords['keys'] = {};
