import type { PageWords } from '../en/index.ts';

export const peers: PageWords['peers'] = {};
