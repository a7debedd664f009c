import type { FailureCode } from '../../../base/failure.ts';
import type { Reader, Words } from '../../detail.ts';
import { beside } from '../beside.ts';
import { updateFailures } from './updates.ts';

const waits = '应用会自动继续尝试，您无需进行任何操作。';
const trafficOff = '到此网络的流量已关闭，其他流量不受影响。';
const nothingJoined = '本设备未做任何更改。';
const trafficKept = '设备之间的流量不受影响。';
const udpPort = (d: Reader): string => d.with(['port'], (port) => ` UDP 端口 ${port}`) || ' WireGuard 端口';
/** Taken by another network of this machine, which people know by its name. */
const besideNetwork = (d: Reader): Words | null => beside(d.quote(['other'], ''), (other) => ({
  what: `您的网络${other}已在使用${udpPort(d).trim()}，而此网络也选择了它。`, next: `请断开${other}并重试，或使用其他端口：其他设备会自动得知。`,
}));
const insideNetwork = (d: Reader): Words | null => beside(d.quote(['other'], ''), (other) => ({
  what: `您的网络${other}使用了此网络同样需要的地址${d.aside('what')}。${other}保持不变。`, next: `请断开${other}，然后重试：地址相同的两个网络不能同时连接。`,
}));
const tcpPort = (d: Reader): string => d.with(['port'], (port) => ` TCP 端口 ${port}`) || '一个端口';

export const failures: Readonly<Record<FailureCode, (d: Reader) => Words>> = {
  'auth.unauthenticated': (d) => ({ what: `网络未识别本设备${d.at('address')}。${trafficOff}`, next: '请让网络的管理者允许本设备加入，然后重试。' }),
  'auth.not-permitted': (d) => ({ what: `不允许此操作${d.at('path', 'file', 'socket')}${d.because()}。`, next: '请向网络或本设备的管理者申请权限，然后重试。' }),
  'auth.pending': (d) => ({ what: `网络${d.named('network', 'name')}已知道本设备，正在等待管理员。${trafficOff}`, next: '请将本设备的指纹读给管理员，由其核对并接受，之后应用会自动继续。' }),
  'auth.revoked': (d) => ({ what: `管理员已将本设备从网络${d.named('network', 'name')}中移除。${trafficOff}`, next: '如果这是误操作，请向管理员索取新的邀请并用它加入；设备届时会获得新的密钥和名称。' }),
  'auth.expired': (d) => ({ what: `本设备的证书已过期${d.at('address')}，网络不再允许它加入。${trafficOff}`, next: '设备关机的时间超过了证书的有效期。请检查时钟是否准确，然后向管理员索取新的邀请并用它加入。' }),
  'auth.invite-invalid': () => ({ what: `网络不接受此邀请：它已被撤回，或从未在那里创建。${nothingJoined}`, next: '请向邀请您的人索取新的邀请。' }),
  'auth.invite-expired': () => ({ what: `此邀请已过期。${nothingJoined}`, next: '请向邀请您的人索取新的邀请。如果它刚刚创建，请检查本设备的时钟是否准确。' }),
  'auth.invite-used': () => ({ what: `此邀请的使用次数已用完。${nothingJoined}`, next: '请向邀请您的人索取新的邀请。如果只有您拥有它，请告知对方：对方可以看到是哪台设备用它加入，并将其移除。' }),
  'auth.wrong-mesh': (d) => ({ what: `应答的不是预期的网络${d.at('address')}。未向其发送任何内容。${trafficOff}`, next: '该地址可能已分配给他人，或者途中有设备冒充您的网络。请索取新的邀请，并在加入时核对指纹。' }),
  'auth.clear-text': (d) => ({ what: `网络${d.at('address')}以明文应答，而这并非所要求的。应用没有继续。${trafficOff}`, next: '如果这是没有证书的旧网络，请将其作为明文旧网络添加。否则请不要使用。' }),
  'auth.too-many-tries': (d) => ({ what: `尝试加入的次数过多${d.at('address')}，网络暂时停止应答。${trafficOff}`, next: '大约一分钟后会恢复应答。应用会继续尝试。' }),

  'mesh.unreachable': (d) => ({ what: `${d.or(['address'], '网络')} 没有应答。${trafficOff}`, next: '请检查地址，并确认对方机器已开机且可从此处访问。应用会继续尝试。' }),
  'mesh.timeout': (d) => ({ what: `耗时过长${d.with(['what'], (what) => `：${what}`)}${d.at('address')}${d.seconds('deadlineMs', (n) => `，超过 ${n} 秒`)}。`, next: `网络可能较慢或距离较远。${waits}` }),
  'mesh.refused': (d) => ({ what: `网络拒绝了此请求${d.because()}。`, next: '请更正其指出的内容，或询问网络的管理者，然后重试。' }),
  'mesh.incompatible': (d) => ({ what: `本应用与网络${d.at('address')}不兼容${d.because()}。${trafficOff}`, next: '请检查地址及其端口。明文网络必须按明文方式加入；否则其中一方需要更新。' }),
  'mesh.not-leader': (d) => ({ what: `${d.or(['node'], '该节点')} 目前不是网络的领导者。${trafficKept}`, next: `请求会转给领导者。${waits}` }),
  'mesh.no-leader': () => ({ what: `管理网络的节点目前没有领导者。${trafficKept}`, next: '更改需等到其中半数以上的节点开机并能互相访问。应用会继续尝试。' }),
  'mesh.address-exhausted': (d) => ({ what: `网络${d.named('network')}没有可分配给本设备的空闲地址。`, next: '请移除不再使用的设备，或创建地址范围更大的网络。' }),
  'mesh.not-found': (d) => ({ what: `网络不认识${d.quote(['node', 'id', 'peer', 'name'], '该设备')}。`, next: '它可能已离开。请检查名称并查看对端列表。' }),
  'mesh.busy': () => ({ what: `网络目前的请求超出了其处理能力。${trafficKept}`, next: waits }),

  'network.offline': () => ({ what: '本设备已离线。', next: '网络恢复后，应用会自动连接。' }),

  'helper.unreachable': (d) => ({ what: `建立隧道的系统服务没有应答${d.at('path', 'file', 'socket')}${d.because()}。`, next: '请启动该服务，或重新启动本设备。服务应答后，应用会自动连接。' }),
  'helper.not-trusted': (d) => ({ what: `系统服务所在位置的程序${d.at('path', 'file', 'socket')}不可信任${d.because()}。应用未与其通信。`, next: '请以管理员身份重新启动该服务；如果再次出现，请从可信来源重新安装应用。' }),
  'helper.lost': () => ({ what: '建立隧道的系统服务在工作途中停止。流量可能会短暂中断。', next: `它会重新启动并恢复一切。${waits}` }),
  'helper.version': (d) => ({ what: `系统服务${d.aside('helper', 'version', 'theirs')}与本应用${d.aside('app', 'ours')}的版本不兼容。`, next: '请安装最新版本的应用（其中自带服务），然后重新启动。' }),
  'helper.stale': () => ({ what: '较新的请求取代了此请求，因此它被略过，未做任何更改。', next: waits }),
  'helper.declined': (d) => (d.quote(['holder'], '') !== '' ? {
    what: `本机的另一位用户${d.quote(['holder'], '')}已连接，而隧道服务一次只为一位用户服务。${trafficOff}`,
    next: '请让该用户断开连接，或在其断开后再连接。',
  } : {
    what: `系统请求启动隧道服务的权限，但未获许可。${trafficOff}`,
    next: '请重试，并在系统要求输入密码时同意。',
  }),

  'tunnel.engine-missing': (d) => ({ what: `此系统没有可用的 WireGuard，既没有内核模块，也没有 wireguard-go${d.because()}。${trafficOff}`, next: '请安装 WireGuard（在 Debian 和 Ubuntu 上：wireguard 或 wireguard-go 软件包；在 Windows 和 macOS 上：请重新安装本应用，它自带 WireGuard），然后重试。' }),
  'tunnel.not-permitted': (d) => ({ what: `系统不允许隧道服务更改网络设置${d.because()}。${trafficOff}`, next: '请以管理员身份运行该服务；在容器中，请授予其管理网络的权限（NET_ADMIN）。' }),
  'tunnel.port-in-use': (d) => besideNetwork(d) ?? ({ what: `另一个程序已在使用隧道所需的${udpPort(d)}。`, next: '请使用其他端口：其他设备会自动得知。或者停止该程序并重试。' }),
  'tunnel.conflict': (d) => insideNetwork(d) ?? ({ what: `本设备上已有程序占用隧道所需的资源${d.aside('what', 'network', 'route', 'address')}${d.with(['interface', 'device'], (it) => `：${it}`)}。您现有的连接保持不变。`, next: '请断开另一个网络或 VPN，然后重试。' }),
  'tunnel.failed': (d) => ({ what: `无法建立隧道${d.because()}。已更改的内容均已恢复。`, next: `${waits}如果持续出现，请在“设置”的“诊断”中导出报告。` }),

  'node.start-failed': (d) => ({ what: `应用中参与网络的部分未能启动${d.because()}。`, next: `${waits}如果持续出现，请在“设置”的“诊断”中导出报告。` }),
  'node.port-in-use': (d) => ({ what: `本设备上的另一个程序已在使用网络所需的${tcpPort(d)}。`, next: '请停止该程序并重试，或使用其他端口重新添加网络。' }),
  'node.lost': () => ({ what: '应用中参与网络的部分已停止。现有隧道继续工作。', next: `它正在重新启动。${waits}` }),
  'node.data-damaged': (d) => ({ what: `本设备上的网络数据副本已损坏${d.because()}。它已被保留，未被覆盖。`, next: '成员可以移除该网络并重新加入。如果网络由本设备托管，请从备份恢复其数据文件夹。' }),
  'node.disk-full': (d) => ({ what: `磁盘已满${d.at('path', 'file', 'socket')}，无法再保存内容。已保存的内容没有丢失。`, next: '请释放一些空间，然后重试。' }),
  'node.id-taken': (d) => ({ what: `此网络中已有另一台设备名为${d.quote(['node', 'id', 'nodeId'], '相同的名称')}。`, next: '请为本设备选择其他名称，或从网络中移除旧设备，然后重试。' }),

  'input.invalid': (d) => ({ what: `${d.field('field', 'argument', 'path')}：此内容无法使用${d.because()}。`, next: '请更正并重试；您输入的内容仍然保留。' }),
  'input.unknown-profile': (d) => ({ what: `本设备上没有${d.quote(['profile', 'name'], '该名称的')}网络${d.because()}。`, next: d.given('hint') || '请从列表中选择一个网络，或添加它。' }),
  'input.unknown-command': (d) => ({ what: `此版本的应用不认识${d.quote(['name'], '该请求')}。`, next: '请关闭应用的所有窗口并重新启动，使其各部分版本一致。' }),
  'input.file-damaged': (d) => ({ what: `无法读取应用的一个文件${d.at('path', 'file', 'socket')}${d.because()}。它已被保留，未被覆盖。`, next: '请更正该文件，或将其移走并重新启动应用；应用届时会使用默认设置。' }),
  'input.limit': (d) => ({ what: `${d.field('field', 'what')}：超出允许的范围${d.with(['max', 'most', 'bytesMax'], (most) => `（最多 ${most}）`)}。`, next: '请减小后重试。' }),
  'input.invite-damaged': (d) => ({ what: `这不是完整的邀请${d.because()}。未对其进行任何处理。`, next: '请再次复制完整的链接（从“webmesh:”到末尾），或使用文件或二维码。如果仍然如此，请索取新的邀请。' }),
  'input.passphrase': (d) => ({ what: `该口令无法打开此文件${d.because()}。未做任何更改。`, next: '请重新输入：区分大小写和空格。它是导出密钥时所选的口令。' }),

  ...updateFailures,

  'app.already-running': () => ({ what: '此用户的应用已在运行。', next: '请使用已打开的窗口；它已置于最前。' }),
  'app.not-running': () => ({ what: '与应用失去联系。隧道保持现状。', next: '如果应用没有自动恢复，请重新启动它。' }),
  'app.busy': (d) => ({ what: `应用仍在处理${d.with(['calls'], (calls) => ` ${calls} 个`)}之前的请求${d.because()}。`, next: '请稍候再试。' }),
  'internal.unexpected': (d) => ({ what: `发生了应用未预料到的错误${d.because()}。您保存的内容没有丢失。`, next: '请重试。如果再次出现，请在“设置”的“诊断”中导出报告并发送给我们。' }),
  'internal.storage': (d) => ({ what: `应用无法保存其设置${d.at('path', 'file', 'socket')}${d.because()}。`, next: '请检查磁盘是否有空间，以及该文件夹是否属于您，然后重试。' }),
  'internal.secrets': (d) => ({ what: `应用无法读取或保存其密钥${d.at('path', 'file')}${d.because()}。未向任何地方发送内容。`, next: '请解锁此系统的密钥环，或检查该文件夹是否只属于您，然后重试。' }),
};
