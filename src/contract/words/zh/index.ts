import type { SharedWords } from '../type.ts';
import { failures } from './failures.ts';
import { health } from './health.ts';
import { paths } from './paths.ts';
import { reasons } from './reasons.ts';
import { updates } from './updates.ts';
import { warnings } from './warnings.ts';

export const shared: SharedWords = {
  phrases: {
    at: (it) => `（${it}）`,
    because: (it) => `：${it}`,
    named: (it) => `“${it}”`,
    quote: (it) => `“${it}”`,
    aside: (it) => `（${it}）`,
    entered: '输入的内容',
    reasons,
    fields: {
      address: '地址', name: '名称', nodeId: '设备名称', ipv4Network: '地址范围', grpcPort: 'API 端口',
      raftPort: 'Raft 端口', wireguardPort: 'WireGuard 端口', profile: '网络', id: '对端', lines: '行数', logLevel: '日志级别',
      link: '邀请', passphrase: '口令', note: '备注', uses: '设备数量', expiresInSeconds: '邀请的有效期', file: '文件', role: '角色',
      localAddress: '本地地址', localPort: '本地端口', remoteAddress: '远程地址', remotePort: '远程端口', shares: '共享的地址', relayMbit: '中继的上限', peer: '对端',
    },
  },
  failures, warnings, health, paths, updates,
};
