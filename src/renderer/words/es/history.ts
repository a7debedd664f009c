import type { PageWords } from '../en/index.ts';

export const history: PageWords['history'] = {};
