import type { PageWords } from '../en/index.ts';

export const paths: PageWords['paths'] = {
  path: '路径',
  pathsTo: (name) => `到 ${name} 的路径`,
  roundTrip: '往返',
  lost: '丢失',
  inUse: '使用中',
  nothing: '没有可测量的路径。',
  packets: (bytes) => `最大 ${bytes} 字节的数据包可以通过。`,
  range: (least, most) => `${least}至 ${most}`,
  loss: (lost, sent) => `${lost}/${sent}`,
  trips: (span, least, most, median) => `${span}内的往返：${least}至 ${most}，一半低于 ${median}。`,
  silent: (times, all) => `${all} 次中有 ${times} 次没有应答。`,
  questions: { relay: '为什么走中继？', ice: '为什么不是直连？', looking: '尝试过什么？', none: '为什么没有路径？', silent: '发生了什么？' },
  moreReasons: (n) => `另有 ${n} 个原因`,
  lookAgain: '重新查找',
  looking: '正在查找更好的路径。',
};
