import type { PageWords } from '../en/index.ts';

export const updates: PageWords['updates'] = {};
