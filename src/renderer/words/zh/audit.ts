import type { PageWords } from '../en/index.ts';

export const audit: PageWords['audit'] = {};
