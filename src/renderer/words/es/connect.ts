import type { PageWords } from '../en/index.ts';

export const connect: PageWords['connect'] = {};
