import type { PageWords } from '../en/index.ts';

export const forwards: PageWords['forwards'] = {};
