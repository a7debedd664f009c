import type { Reader, Words } from '../../detail.ts';
import type { WarningCode } from '../../state.ts';
import { failures } from './failures.ts';

const waits = '应用会自动继续尝试，您无需进行任何操作。';
const trafficOff = '到此网络的流量已关闭，其他流量不受影响。';
const trafficElsewhere = '隧道之外的流量不受影响。';
const trafficKept = '设备之间的流量不受影响。';

const serviceNames: readonly (readonly [string, string])[] = [
  ['iceNegotiation', '协助协商数据通道'], ['turnServer', '中继'], ['meshDns', '网络名称（DNS）'], ['prometheus', 'Prometheus 指标'],
];

function told(d: Reader): Words | undefined {
  const code = d.failure();
  return code && failures[code](d);
}

function ends(d: Reader): string {
  const days = d.number('days');
  if (days === null) return '即将到期';
  if (days < 0) return '已到期';
  return days < 1 ? '今天到期' : `将在 ${Math.floor(days)} 天后到期`;
}

function isOver(d: Reader): boolean {
  return (d.number('days') ?? 0) < 0;
}

/** Several are counted; a single one is named. */
function some(d: Reader, names: readonly string[], counter: string, otherwise: string): string {
  return d.many('count') > 1 ? `${d.many('count')} ${counter}` : d.quote(names, otherwise);
}

export const warnings: Readonly<Record<WarningCode, (d: Reader) => Words>> = {
  'clear-text': (d) => ({ what: `加入和管理网络${d.named('name', 'profile')}时未加密。隧道内的流量是加密的。`, next: '请仅在您信任的机器之间和网络上使用。' }),
  'helper-missing': (d) => {
    for (const code of ['auth.not-permitted', 'helper.not-trusted'] as const) if (d.is('failure', code)) return failures[code](d);
    return { what: `建立隧道的系统服务未运行，因此本设备无法连接。${trafficElsewhere}`, next: '请启动该服务。应用会自动察觉。' };
  },
  'helper-old': (d) => ({ what: `系统服务${d.aside('version')}比应用旧，某些新功能可能无法使用。${trafficKept}`, next: '请重新启动本设备或该服务；如果仍然如此，请重新安装应用。' }),
  'engine-missing': (d) => ({ what: `此系统没有可用的 WireGuard，既没有内核模块，也没有 wireguard-go${d.because()}。${trafficElsewhere}`, next: '请安装 WireGuard（在 Debian 和 Ubuntu 上：wireguard 或 wireguard-go 软件包；在 Windows 和 macOS 上：请重新安装本应用，它自带 WireGuard）。' }),
  'offline': () => ({ what: '本设备没有网络，无法访问其他设备。没有发送任何内容，因此没有风险。', next: '请检查网线或无线网络。网络恢复后，应用会自动继续。' }),
  'cannot-connect': (d) => told(d) ?? { what: `本设备无法连接。${trafficOff}`, next: '请重试。' },
  'connection-lost': (d) => ({ what: told(d)?.what ?? `与网络的连接已断开。${trafficOff}`, next: waits }),
  'node-down': (d) => ({ what: `应用中参与网络的部分未运行${d.because()}。现有隧道继续工作。`, next: `它正在重新启动。${waits}` }),
  'node-port-in-use': (d) => ({ what: `本设备上的另一个程序已在使用${d.with(['port'], (port) => ` TCP 端口 ${port}`) || '一个端口'}，其他设备因此无法访问此处的网络节点。现有隧道继续工作。`, next: '请停止该程序，应用会自动察觉。或使用其他端口重新添加网络。' }),
  'control-plane-lost': () => ({ what: '更改已冻结，流量正常：无法访问管理网络的节点。', next: '设备之间仍可互相访问。加入、离开和网络设置需等到节点恢复。' }),
  'not-replicating': () => ({ what: '此网络不会主动发送更改，因此应用每隔几秒查询一次对端列表。流量正常。', next: '新的对端会比平时稍晚出现。更新网络的节点即可解决。' }),
  'peer-unreachable': (d) => ({ what: `目前无法访问${some(d, ['peer'], '个对端', '一个对端')}。其他对端不受影响。`, next: '请打开“对端”查看是哪些以及原因。' }),
  'file-set-aside': (d) => ({ what: `应用的一个文件已损坏${d.at('path', 'file', 'socket')}。它已被移到一旁，应用以默认设置启动。`, next: `没有删除任何内容${d.at('keptAs')}。如果需要其中的内容，请更正该文件并放回原处。` }),
  'disk-full': (d) => ({ what: `磁盘${d.at('path')}几乎已满。${trafficKept}`, next: '请腾出一些空间：只有在有空间时才能保存网络的更改。' }),
  'certificate-expiring': (d) => ({ what: `本设备的证书${ends(d)}。${isOver(d) ? '它只能用于自身的续期。' : '在此之前一切正常。'}`, next: '只要能访问网络，它就会自动续期；请连接并让应用保持打开一分钟。' }),
  'device-expiring': (d) => ({ what: `${some(d, ['name', 'id', 'device'], '台设备', '一台设备')}的证书${ends(d)}。`, next: '该设备开机并连接后会自动续期。离开太久的设备需要新的邀请。' }),
  'device-pending': (d) => ({ what: `${some(d, ['name', 'id', 'device'], '台设备', '一台设备')}希望加入，正在等待管理员。`, next: '请打开“人员”，与对方核对指纹，然后接受或拒绝。' }),
  'authority-pending': (d) => ({ what: `管理网络的${some(d, ['node', 'id', 'name'], '台设备', '一台设备')}尚不能为新设备签名。其他一切正常。`, next: '请连接保存根密钥的设备，它会自动授权。' }),
  'root-not-exported': () => ({ what: '此网络的根密钥只存在于本设备上。如果设备丢失，就无法再授权设备为新设备签名。', next: '请打开“人员”，用口令将根密钥保存到文件，并将该文件存放在别处。' }),
  'renewal-failing': (d) => ({ what: `无法续期本设备的证书${d.because()}。它${ends(d)}；${isOver(d) ? '只能用于自身的续期' : '在此之前一切正常'}。`, next: waits }),
  'sign-in-needed': (d) => ({
    what: `本设备所在的网络代替您的网络作出应答${d.with(['host'], (host) => `，并指向 ${host}`)}。它很可能要求先登录，如酒店和列车中那样。${trafficOff}`,
    next: '请在其页面上登录，但仅限您在当前地点预期会有此类页面时。之后应用会自动连接。',
  }),
  'secrets-in-file': (d) => ({ what: `此系统没有应用可用的密钥环，因此密钥保存在只有您的用户可以读取的文件中${d.at('path', 'file')}。`, next: '您无需进行任何操作。加密磁盘可在机器被盗时保护该文件。' }),
  'udp-blocked': () => ({ what: '本设备所在的网络不允许 UDP 通过，因此其数据包经由另一个成员传输。一切正常，只是较慢。', next: '您无需进行任何操作。换用其他网络，或与此网络的管理者沟通，可以提高速度。' }),
  'dns-not-set': (d) => ({ what: `本设备上的其他程序无法通过名称找到网络中的设备${d.because()}。`, next: '它们的地址可用。每分钟会重试一次。' }),
  'service-down': (d) => ({ what: `本设备应向网络提供服务（${serviceNames.find(([service]) => d.is('service', service))?.[1] ?? '一项服务'}），但它没有应答${d.because()}。`, next: '会自动重试。本设备上的另一个程序可能占用了它的端口；请停止该程序，或关闭此项服务。' }),
  'audit-broken': (d) => ({ what: `审计日志不再连贯${d.with(['sequence'], (entry) => `（条目 ${entry}）`)}：可能有人在磁盘上更改了它。流量不受影响。`, next: '请从多台设备导出日志并进行比较，然后查明谁曾访问过该机器。' }),
};
