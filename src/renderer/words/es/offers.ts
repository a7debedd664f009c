import type { PageWords } from '../en/index.ts';

export const offers: PageWords['offers'] = {};
