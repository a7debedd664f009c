import type { PageWords } from '../en/index.ts';

export const common: PageWords['common'] = {
  cancel: '取消',
  close: '关闭',
  back: '返回',
  more: '更多',
  copy: '复制',
  unknown: '未知',
  withoutName: '未命名',
  noneYet: '暂无',
  never: '从未',
  now: '现在',
  units: ['B', 'kB', 'MB', 'GB', 'TB', 'PB'],
  perSecond: (amount) => `${amount}/s`,
  percent: (figure) => `${figure}%`,
  milliseconds: (figure) => `${figure} 毫秒`,
  seconds: (figure) => `${figure} 秒`,
  span: { s: (n) => `${n} 秒`, min: (n) => `${n} 分钟`, h: (n) => `${n} 小时`, days: (n) => `${n} 天` },
  spans: (longer, shorter) => `${longer} ${shorter}`,
  ago: { s: (n) => `${n} 秒前`, min: (n) => `${n} 分钟前`, h: (n) => `${n} 小时前`, days: (n) => `${n} 天前` },
  ahead: { s: (n) => `${n} 秒后`, min: (n) => `${n} 分钟后`, h: (n) => `${n} 小时后`, days: (n) => `${n} 天后` },
};
