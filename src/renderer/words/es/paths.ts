import type { PageWords } from '../en/index.ts';

export const paths: PageWords['paths'] = {};
