import type { PageWords } from '../en/index.ts';

export const diagnostics: PageWords['diagnostics'] = {};
