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
  list: {
    iceNegotiation: { label: '帮助设备建立连接（WebRTC）', hint: '转交少量消息，使位于路由器后面的两台设备能找到彼此。几乎没有开销。' },
    turnServer: { label: '中继（TURN）', hint: '为无法直接连接的成员传送数据包。数据包保持加密；本设备只能看到数量。' },
    meshDns: { label: '设备名称（网络 DNS）', hint: '在本设备的网络地址上回答“nas 在哪里？”之类的查询。' },
    prometheus: { label: '供 Prometheus 使用的指标', hint: '成员可以读取本设备及其隧道的运行情况。' },
  },
  states: { answers: '现在可以应答。', starting: '已启用，但尚未应答。', stopping: '仍在应答；正在停止。', later: '本设备连接后启动。' },
  trouble: {
    because: (problem) => `已启用，但没有应答：${problem}。会自动重试。`,
    portTaken: (port) => `已启用，但没有应答：本设备上的另一个程序占用了端口 ${port}。会自动重试。`,
    plain: '已启用，但没有应答。会自动重试。',
  },
  typed: { limit: '请输入 1 到 10000 之间的整数', present: '它已在列表中' },
  opens: {
    here: (protocol, port) => `每个成员都可以访问本设备的 ${protocol} 端口 ${port}，包括仅为本设备监听的程序。`,
    through: (protocol, port, host) => `每个成员都可以通过本设备访问 ${host} 的 ${protocol} 端口 ${port}，如同本设备发出请求。那台机器无法区分两者。`,
  },
};
