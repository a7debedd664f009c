import type { PageWords } from '../en/index.ts';

export const firstRun: PageWords['firstRun'] = {};
