import { failure, type Failure } from '../../base/failure.ts';
import { formatIp, parsePrefix } from '../../base/ip.ts';
import { Secret } from '../../base/log.ts';
import { identityRequest, peersRequest } from './uapi.ts';
import { type Step } from './reconcile.ts';
import { type Action, type ActionKeys, type EngineName, type MachineRoute, type System } from './system.ts';

/**
 * Windows: wireguard-go on a Wintun adapter (its configuration pipe speaks the same text), `netsh` for addresses, MTU and routes.
 * Untested on the real system: the argument lists follow the documentation of `netsh interface`. Every setting is made with
 * `store=active`, so that a reboot forgets it.
 */
export const windows: System = {
  deviceName: (tunnelId) => `wm${tunnelId.slice(0, 10)}`,
  actions,
  failureOf,
  routeQueries: [['netsh', 'interface', 'ipv4', 'show', 'route'], ['netsh', 'interface', 'ipv6', 'show', 'route']],
  parseRoutes: (outputs) => outputs.flatMap(parseRoutes),
};

const gone = /element not found|cannot find|not found/i;
const active = 'store=active';

function actions(step: Step, _engine: EngineName, keys: ActionKeys): readonly Action[] {
  const { device } = step;
  switch (step.kind) {
    case 'add-device': return [{ kind: 'start-engine' }];
    // The adapter ends with the process that made it.
    case 'remove-device': return [{ kind: 'stop-engine' }];
    case 'set-identity': return [{ kind: 'uapi', request: new Secret(identityRequest(keys.privateKey.reveal(), step.listenPort)) }];
    case 'add-address': return [{ kind: 'run', argv: netsh(step.address, 'add', 'address', `interface=${device}`, `address=${step.address}`, active) }];
    case 'remove-address': return [{ kind: 'run', argv: netsh(step.address, 'delete', 'address', `interface=${device}`, `address=${bare(step.address)}`, active), tolerate: gone }];
    case 'bring-up': return ['ipv4', 'ipv6'].map((family) => ({ kind: 'run', argv: ['netsh', 'interface', family, 'set', 'subinterface', device, `mtu=${step.mtu}`, active] }));
    case 'add-route': return [{ kind: 'run', argv: netsh(step.network, 'add', 'route', `prefix=${step.network}`, `interface=${device}`, active) }];
    case 'remove-route': return [{ kind: 'run', argv: netsh(step.network, 'delete', 'route', `prefix=${step.network}`, `interface=${device}`, active), tolerate: gone }];
    case 'set-peers': return [{ kind: 'uapi', request: new Secret(peersRequest(step)) }];
  }
}

function failureOf(step: Step, problem: { readonly stderr: string } | { readonly errno: number }): Failure {
  const errno = 'errno' in problem ? problem.errno : 0;
  const text = 'stderr' in problem ? problem.stderr : `errno ${problem.errno}`;
  if (errno === wsaeaddrinuse || errno === ebusyPort) return failure('tunnel.port-in-use', step.kind === 'set-identity' ? { port: step.listenPort } : {});
  if (/requires elevation|access is denied/i.test(text)) return failure('tunnel.not-permitted', { step: step.kind });
  if (/already exists/i.test(text)) return failure('tunnel.conflict', { what: 'network' in step ? step.network : step.device });
  return failure('tunnel.failed', { step: step.kind, problem: text.trim().split('\n')[0]?.slice(0, 200) ?? '' });
}

const wsaeaddrinuse = 10048;
/** What wireguard-go answers on every system when it cannot bind. */
const ebusyPort = 98;

/** Rows: publish, type, metric, prefix, index, interface or gateway. The interface may be named in several words. */
function parseRoutes(table: string): readonly MachineRoute[] {
  return table.split('\n').flatMap((line): MachineRoute[] => {
    const match = /^\S+\s+\S+\s+\d+\s+(\S+\/\d{1,3})\s+\d+\s+(.+?)\s*$/.exec(line);
    const prefix = match?.[1] === undefined ? undefined : parsePrefix(match[1]);
    if (prefix === undefined || prefix.bits === 0 || isMulticast(formatIp(prefix.ip))) return [];
    return [{ network: match?.[1] ?? '', device: match?.[2] ?? '', own: prefix.bits === (prefix.ip.family === 4 ? 32 : 128) }];
  });
}

function isMulticast(ip: string): boolean {
  return ip.startsWith('ff') || /^(22[4-9]|23\d|255)\./.test(ip);
}

function netsh(address: string, verb: string, noun: string, ...rest: readonly string[]): readonly string[] {
  return ['netsh', 'interface', address.includes(':') ? 'ipv6' : 'ipv4', verb, noun, ...rest];
}

function bare(address: string): string {
  const prefix = parsePrefix(address);
  return prefix ? formatIp(prefix.ip) : address;
}
