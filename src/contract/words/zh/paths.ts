import type { Words } from '../../detail.ts';
import type { PathsWords, Why } from '../type.ts';

const mapPort = '开启端口映射（PCP、NAT-PMP 或 UPnP），或转发 WireGuard 端口（UDP）';
const byItself = '会自动重试。';
const addRelay = '请在网络中一台所有设备都能访问的设备上开启“中继”。';
const nothing = '您无需进行任何操作。';

export const paths: PathsWords = {
  self: { word: '本设备', what: '这是您正在使用的设备。' },
  down: { word: '关闭', what: '本设备未连接，因此无法访问任何对端。' },
  silent: { word: '无响应', what: '它之前有应答，但已超过三分钟没有应答。它可能处于睡眠、关机状态，或正在切换到其他网络。' },
  direct: {
    word: '直连',
    what: '数据包直接到达此对端，端到端加密。',
    how: {
      lan: '数据包在同一局域网内直接到达此对端，端到端加密。',
      public: '数据包直接到达此对端的公网地址，端到端加密。',
      mapped: '数据包直接到达路由器为此对端开放的端口，端到端加密。',
      punched: '数据包穿过双方的路由器直接到达此对端，端到端加密。',
    },
  },
  ice: {
    raw: { word: '点对点', what: '数据包沿应用保持开放的路径在设备之间传输，端到端加密。' },
    channel: { word: '点对点', what: '数据包通过数据通道在设备之间传输，端到端加密。在丢包的网络中速度较慢。' },
  },
  relay: {
    word: (node) => `经 ${node} 中继`,
    member: '某成员',
    packets: '数据包经由另一个成员传输。它只转发，无法读取内容。',
    overTcp: '数据包通过 TCP 经由另一个成员传输。它只转发，无法读取内容。',
  },
  waiting: {
    'no-handshake-yet': { word: '等待中', what: '到此对端的隧道已建立，但它尚未应答。如果它已开机，需要几秒钟。' },
    'peer-has-no-endpoint': { word: '等待中', what: '此对端尚未说明可在何处访问它。它必须先联系本设备。' },
    'both-behind-nat': { word: '等待中', what: '本设备和对端都位于隐藏它们的路由器之后。' },
    looking: { word: '查找中', what: '正在查找到此对端的路径。如果它已开机，需要几秒钟。' },
    'no-path': { word: '无路径', what: '目前没有可用的路径到此对端。会自动继续查找。' },
  },
  tiers: { direct: '直连', punch: '穿过双方路由器', ice: '点对点', channel: '数据通道', turn: '中继', stream: 'TCP 中继' },
  thisWay: '此路径',
  nat: {
    unknown: { word: '尚不清楚', what: '尚无其他设备说明从外部看到的本设备是什么样。' },
    open: { word: '中间没有路由器', what: '其他设备看到的是本设备自己的地址。' },
    easy: { word: '友好的路由器', what: '它为隧道保持同一个公网端口，因此其他设备通常可以直接连接本设备。' },
    hard: { word: '严格的路由器', what: '它为每个连接使用不同的公网端口，因此并非每台设备都能直接连接本设备。' },
    blocked: { word: 'UDP 被阻止', what: 'UDP 没有任何返回，因此数据包通过 TCP 经由某个成员传输，速度较慢。' },
  },
  why: {
    'no-answer': noAnswer,
    'both-nats-hard': () => ({ what: '双方的路由器都为每个连接使用不同的公网端口，因此两台设备都找不到对方。', next: `请在其中一台路由器上${mapPort}。双方使用 IPv6 也有帮助。` }),
    'hard-nat-here': () => ({ what: '此处的路由器为每个连接使用不同的公网端口，而对端的路由器只允许其预期的流量进入。', next: `请在此处的路由器上${mapPort}。双方使用 IPv6 也有帮助。` }),
    'hard-nat-there': () => ({ what: '对端的路由器为每个连接使用不同的公网端口，而此处的路由器只允许其预期的流量进入。', next: `请在对端的路由器上${mapPort}。双方使用 IPv6 也有帮助。` }),
    'udp-blocked-here': () => ({ what: '此处的网络不允许 UDP 通过。', next: '请让此网络的管理者允许 UDP，或使用其他网络。在此之前由中继传输数据包。' }),
    'udp-blocked-there': () => ({ what: '对端的网络不允许 UDP 通过。', next: '该网络的管理者可以允许 UDP。在此之前由中继传输数据包。' }),
    'no-common-family': () => ({ what: '两台设备中一台只有 IPv4，另一台只有 IPv6。', next: '双方都使用 IPv6 即可连接。在此之前由同时支持两者的中继传输数据包。' }),
    'no-hairpin': () => ({ what: '两台设备位于同一公网地址之后，而其路由器不会将数据包送回内部。', next: '请将两者接入同一局域网，或在该路由器上开启 NAT 回环（hairpin）。' }),
    'no-endpoint': () => ({ what: '此对端尚未说明可在何处访问它。', next: '它开机并连接后会自动说明。' }),
    'not-observed': () => ({ what: '尚无其他设备说明从外部看到的本设备隧道是什么样。', next: '只要网络中有一台设备可从外部访问，就会自动得知。' }),
    'cannot-negotiate': ({ node }) => ({ what: `没有设备能够在本设备与对端之间传递消息${node && `，${node} 也不能`}。`, next: `${byItself}如果网络中有一台设备始终开机且双方都能访问，会有帮助。` }),
    'refused-there': ({ way, refusal }) => (refusal === null ? { what: `对端拒绝了此路径（${way}）。`, next: byItself } : { what: `对端拒绝了此路径。${refusal.what}`, next: refusal.next }),
    'peer-cannot': () => ({ what: '对端在此网络中运行另一种程序，它只支持数据通道。', next: '双方都使用本应用时，可以使用更快的路径。' }),
    'no-relay': ({ node }) => ({ what: `网络中没有中继应答${node && `，${node} 也没有`}。`, next: addRelay }),
    'relay-full': ({ node }) => ({ what: `中继${node && ` ${node} `}的传输量已达上限。`, next: `请提高其上限。或者：${addRelay}` }),
    'carrier-failed': ({ way, problem }) => ({ what: `${way}：已打开，随后失败${problem && `（${problem}）`}。`, next: byItself }),
    'went-silent': ({ way, silent }) => ({ what: `${way}：曾经可用，随后${silent && ` ${silent} `}没有任何返回。`, next: byItself }),
    waiting: ({ retry }) => ({ what: retry === '' ? '即将进行下一次尝试。' : `将在 ${retry} 后进行下一次尝试。`, next: `${nothing}您也可以立即重新查找。` }),
    best: () => ({ what: '没有比这更好的路径。', next: nothing }),
    offline: () => ({ what: '本设备没有网络。', next: '网络恢复后会重新查找路径。' }),
  },
  whyUnknown: (way) => ({ what: `${way}：不可用。`, next: byItself }),
  duration: { s: (n) => `${n} 秒`, min: (n) => `${n} 分钟`, h: (n) => `${n} 小时` },
};

function noAnswer({ tier, way, endpoint }: Why): Words {
  const fix = '请在其中一台设备的防火墙或路由器上，允许 UDP 到达 WireGuard 端口。';
  switch (tier) {
    case 'punch': return { what: '两台设备同时穿过各自的路由器发送，但没有收到任何内容。', next: `请在其中一台路由器上${mapPort}。` };
    case 'ice': case 'channel': return { what: `${way}：两台设备的地址都无法互相到达。`, next: fix };
    case 'turn': case 'stream': return { what: `${way}：没有任何内容通过${endpoint && `（${endpoint}）`}。`, next: `${byItself}${addRelay}` };
    default: return { what: endpoint === '' ? '对端公布的地址均没有应答。' : `${endpoint} 没有应答。`, next: fix };
  }
}
