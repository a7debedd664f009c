import { pluralIn } from '../../../contract/language.ts';
import type { PageWords } from '../en/index.ts';

const count = pluralIn('zh');

export const map: PageWords['map'] = {
  about: '本设备目前如何连通其他设备。',
  drawn: (n) => count(n, { other: '图中画出 # 台设备，其余仅计数；搜索或筛选可减少数量。' }),
  openOne: '打开一台设备，询问它能看到谁。',
  ask: (name) => `询问 ${name} 能看到谁`,
  asking: '正在询问…',
  sees: (n) => count(n, { other: '它最近与其中 # 台设备握过手：见虚线。' }),
  seesNone: '它最近没有与其中任何设备握手。',
  more: {
    direct: (n) => count(n, { other: '另有 # 台设备直接连通' }),
    relayed: (n) => count(n, { other: '另有 # 台设备经中继连通' }),
    none: (n) => count(n, { other: '另有 # 台设备未连通' }),
  },
  label: (n) => count(n, { other: '# 台设备的地图；用方向键逐个移动' }),
  mark: (name, path) => `${name}：${path}`,
  markOfFavourite: (name, path) => `${name}：${path}，已收藏`,
  inWords: '文字说明',
  through: (name) => `经由 ${name}`,
  direct: '直接连通',
  none: '目前未连通',
  seenBy: (name) => `${name} 看到的设备`,
  andMore: (n) => count(n, { other: '另有 # 台；列表中显示全部。' }),
  andPeers: (n) => count(n, { other: '另有 # 个对端' }),
};
