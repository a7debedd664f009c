import { failure, type Failure } from '../../base/failure.ts';
import { Secret } from '../../base/log.ts';
import { networkOf, parsePrefix, formatIp, formatPrefix } from '../../base/ip.ts';
import { identityRequest, peersRequest } from './uapi.ts';
import { type Step } from './reconcile.ts';
import { type Action, type ActionKeys, type EngineName, type MachineRoute, type System } from './system.ts';

/**
 * macOS: wireguard-go on a utun device, `ifconfig` for addresses, `route` for routes. There is no kernel engine.
 * Untested on the real system: the argument lists follow the manual pages of ifconfig(8), route(8) and netstat(1).
 */
export const darwin: System = {
  deviceName,
  actions,
  failureOf,
  routeQueries: [['netstat', '-rn', '-f', 'inet'], ['netstat', '-rn', '-f', 'inet6']],
  parseRoutes: (outputs) => outputs.flatMap(parseRoutes),
};

const gone = /not in table|does not exist|can't assign requested address|no such process/i;
const firstUnit = 1000;
const units = 8000;

/** The system wants names of the form utunN; a number far above those it gives out itself is drawn from the id. */
function deviceName(tunnelId: string): string {
  let hash = 0;
  for (const letter of tunnelId) hash = (hash * 31 + letter.charCodeAt(0)) % 1_000_003;
  return `utun${firstUnit + (hash % units)}`;
}

function actions(step: Step, _engine: EngineName, keys: ActionKeys): readonly Action[] {
  const { device } = step;
  switch (step.kind) {
    case 'add-device': return [{ kind: 'start-engine' }];
    // A utun device ends with the process that made it.
    case 'remove-device': return [{ kind: 'stop-engine' }];
    case 'set-identity': return [{ kind: 'uapi', request: new Secret(identityRequest(keys.privateKey.reveal(), step.listenPort)) }];
    case 'add-address': return [{ kind: 'run', argv: addAddress(device, step.address) }];
    case 'remove-address': return [{ kind: 'run', argv: ['ifconfig', device, family(step.address), bare(step.address), family(step.address) === 'inet6' ? 'delete' : '-alias'], tolerate: gone }];
    case 'bring-up': return [{ kind: 'run', argv: ['ifconfig', device, 'mtu', String(step.mtu), 'up'] }];
    case 'add-route': return [{ kind: 'run', argv: ['route', '-n', 'add', `-${family(step.network)}`, step.network, '-interface', device] }];
    case 'remove-route': return [{ kind: 'run', argv: ['route', '-n', 'delete', `-${family(step.network)}`, step.network, '-interface', device], tolerate: gone }];
    case 'set-peers': return [{ kind: 'uapi', request: new Secret(peersRequest(step)) }];
  }
}

/** A point-to-point interface wants both ends; both are our own address. */
function addAddress(device: string, address: string): readonly string[] {
  if (family(address) === 'inet6') return ['ifconfig', device, 'inet6', address, 'alias'];
  return ['ifconfig', device, 'inet', address, bare(address), 'alias'];
}

function failureOf(step: Step, problem: { readonly stderr: string } | { readonly errno: number }): Failure {
  const errno = 'errno' in problem ? problem.errno : 0;
  const text = 'stderr' in problem ? problem.stderr : `errno ${problem.errno}`;
  if (errno === eaddrinuse) return failure('tunnel.port-in-use', step.kind === 'set-identity' ? { port: step.listenPort } : {});
  if (errno === eperm || errno === eacces || /must be root|operation not permitted|permission denied/i.test(text)) return failure('tunnel.not-permitted', { step: step.kind });
  if (/file exists/i.test(text)) return failure('tunnel.conflict', { what: 'network' in step ? step.network : step.device });
  return failure('tunnel.failed', { step: step.kind, problem: text.trim().split('\n')[0]?.slice(0, 200) ?? '' });
}

const eperm = 1;
const eacces = 13;
const eaddrinuse = 48;

/** Columns: destination, gateway, flags, interface. A destination may be cut after its last byte that counts: `10/8`, `192.168.1`. */
function parseRoutes(table: string): readonly MachineRoute[] {
  return table.split('\n').flatMap((line): MachineRoute[] => {
    const [destination = '', , flags = '', device = ''] = line.trim().split(/\s+/);
    const network = destination === 'default' || !flags.startsWith('U') ? undefined : networkFrom(destination);
    return network === undefined ? [] : [{ network, device, own: device.startsWith('lo') && flags.includes('H') }];
  });
}

function networkFrom(destination: string): string | undefined {
  const [address = '', bits] = destination.replace(/%[^/]*/, '').split('/');
  if (address.includes(':')) return prefixText(`${address}/${bits ?? '128'}`);
  const parts = address.split('.');
  return prefixText(`${[...parts, '0', '0', '0'].slice(0, 4).join('.')}/${bits ?? String(parts.length * 8)}`);
}

function prefixText(text: string): string | undefined {
  const prefix = parsePrefix(text);
  return prefix && formatPrefix(networkOf(prefix));
}

function bare(address: string): string {
  const prefix = parsePrefix(address);
  return prefix ? formatIp(prefix.ip) : address;
}

function family(address: string): 'inet' | 'inet6' {
  return address.includes(':') ? 'inet6' : 'inet';
}
