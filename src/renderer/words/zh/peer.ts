import type { PageWords } from '../en/index.ts';

export const peer: PageWords['peer'] = {};
