import type { PageWords } from '../en/index.ts';

export const history: PageWords['history'] = {
  title: '测量',
  lastDay: '最近 24 小时',
  reading: '正在读取…',
  nothingOfPeer: '尚无此对端的记录。从它有流量的第一分钟开始记录。',
  choose: '图表显示的时间段',
  ranges: { live: '2 分钟', hour: '1 小时', day: '24 小时' },
  charts: { cpu: '处理器', load: '负载', memory: '内存', tunnel: '隧道', peers: '对端', traffic: '流量', roundTrip: '往返' },
  lines: {
    used: '已用', load: '负载', received: '已接收', sent: '已发送', highest: '最高', mean: '平均', direct: '直连', relayed: '中继', away: '未连通', worst: '最差', usual: '通常',
  },
  cores: (n) => `${n} 核`,
  loads: (five, fifteen) => `5 分钟内 ${five} · 15 分钟内 ${fifteen}`,
  inAndOut: (received, sent) => `接收 ${received} · 发送 ${sent}`,
  save: '将 24 小时导出为 CSV',
  saving: '正在写入…',
  savedTo: (path) => `已写入 ${path}`,
};
