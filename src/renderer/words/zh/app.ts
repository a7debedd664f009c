import type { PageWords } from '../en/index.ts';

export const app: PageWords['app'] = {
  clearText: '明文',
  clearTextSays: '明文。',
  clearTextWhat: (name) => `加入和管理 ${name} 不加密，且无人证明身份。隧道内的流量是加密的。`,
};
