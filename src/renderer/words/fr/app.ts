import type { PageWords } from '../en/index.ts';

export const app: PageWords['app'] = {};
