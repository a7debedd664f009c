import type { PageWords } from '../en/index.ts';

export const health: PageWords['health'] = {
  title: '状态',
  nothing: '一切正常。',
  onlyHints: (n) => `一切正常，有 ${n} 条提示。`,
  onlyProblems: (n) => `${n} 个问题。`,
  both: (problems, hints) => `${problems} 个问题和 ${hints} 条提示。`,
  well: '一切正常',
  watched: '服务、隧道、网络、证书、对端和磁盘始终受到监测。出现的问题及处理方法会显示在这里。',
  list: '问题和提示',
  goes: '问题解决后会自动消失。提示可以忽略，直到应用结束。',
  justNow: '刚刚',
  since: (span) => `已持续 ${span}`,
  aboutConnection: '与连接有关',
  putAway: '忽略',
  putAwayOf: (title) => `忽略：${title}`,
};
