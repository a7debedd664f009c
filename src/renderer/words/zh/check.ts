import type { PageWords } from '../en/index.ts';

export const check: PageWords['check'] = {};
