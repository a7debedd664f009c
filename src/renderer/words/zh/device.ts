import { pluralIn } from '../../../contract/language.ts';
import type { PageWords } from '../en/index.ts';

const count = pluralIn('zh');

export const device: PageWords['device'] = {
  title: '本设备',
  system: (os, kernel, architecture, upFor) => `${os} · ${kernel} · ${architecture} · 已运行 ${upFor}`,
  node: '节点',
  notRunning: '未运行。连接时会自动启动。',
  name: '名称',
  nameCopied: '本设备的名称',
  status: '状态',
  running: '正在运行',
  runningFor: (span) => `已运行 ${span}`,
  stopped: '已停止',
  role: '角色',
  network: '网络',
  addressRange: '地址范围',
  version: '版本',
  tells: '它向网络声明的功能',
  noMeasurements: '暂无测量数据。',
  disks: '磁盘',
  noDisks: '未发现磁盘。',
  quorum: {
    title: '谁在管理网络',
    notShared: '此网络不公开其管理方式。',
    knownLater: '本设备连接后即可得知。',
    leads: '领导者',
    votes: '投票',
    keepsCopy: '保留副本',
    leadsHere: '领导者，本设备',
    votesHere: '投票，本设备',
    keepsCopyHere: '保留副本，本设备',
    andMore: (n) => count(n, { other: '另有 # 台' }),
    leader: '领导者',
    copy: '副本',
    entry: (term, applied, agreed) => `任期 ${term}，条目 ${applied}/${agreed}。`,
  },
};
