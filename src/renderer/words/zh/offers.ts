import type { PageWords } from '../en/index.ts';

export const offers: PageWords['offers'] = {
  title: '本设备为其他设备提供的服务',
  knownLater: '选择网络后即可得知。',
  forMembers: (network) => `在本设备连接期间，供 ${network} 的成员使用。`,
  of: (label) => `${label}：`,
  atMost: '上限',
  unit: 'Mbit/s，供其他设备使用',
  set: '设置',
  shares: {
    title: '共享的地址',
    nothing: (network) => `没有共享任何内容：${network} 的成员无法通过本设备访问任何程序。`,
    these: (network) => `${network} 的成员可以通过本设备访问以下地址，除此之外不能访问其他内容。`,
    remove: '移除',
    removeOf: (share) => `移除 ${share}`,
    removed: (share) => ({ what: `${share} 已不再共享。`, next: '任何人都不能再通过本设备连接到它。' }),
    protocol: '协议',
    address: '地址',
    port: '端口',
    share: '共享',
  },
};
