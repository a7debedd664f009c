import { failure, type Failure } from '../../base/failure.ts';
import { Secret } from '../../base/log.ts';
import { identityRequest, peersConfig, peersRequest } from './uapi.ts';
import { type PeersStep, type Step } from './reconcile.ts';
import { type Action, type ActionKeys, type EngineName, type MachineRoute, type System } from './system.ts';

/** Linux: `ip` for device, addresses and routes; `wg` or the configuration socket for keys and peers. */
export const linux: System = {
  // A name has 15 letters at most; ten letters of five bits each are enough to be unique.
  deviceName: (tunnelId) => `wm${tunnelId.slice(0, 10)}`,
  actions,
  failureOf,
  routeQueries: [['ip', '-j', '-4', 'route', 'show', 'table', 'all'], ['ip', '-j', '-6', 'route', 'show', 'table', 'all']],
  parseRoutes: (outputs) => outputs.flatMap(parseRoutes),
};

const gone = /cannot find device|does not exist|no such device|no such process|cannot assign requested address|address not found/i;
/** Standard input by a name that every Linux has, also without udev. */
const stdinPath = '/proc/self/fd/0';
const peersPerCommand = 200;

function actions(step: Step, engine: EngineName, keys: ActionKeys): readonly Action[] {
  const { device } = step;
  switch (step.kind) {
    case 'add-device': return engine === 'kernel' ? [run('ip', 'link', 'add', 'dev', device, 'type', 'wireguard')] : [{ kind: 'start-engine' }];
    case 'remove-device': {
      const unlink = tolerant('ip', 'link', 'del', 'dev', device);
      return engine === 'kernel' ? [unlink] : [{ kind: 'stop-engine' }, unlink];
    }
    case 'set-identity':
      if (engine === 'wireguard-go') return [{ kind: 'uapi', request: new Secret(identityRequest(keys.privateKey.reveal(), step.listenPort)) }];
      return [run('wg', 'set', device, 'listen-port', String(step.listenPort), 'private-key', keys.privateKeyPath)];
    case 'add-address': return [run('ip', ...family(step.address), 'address', 'add', step.address, 'dev', device)];
    case 'remove-address': return [tolerant('ip', ...family(step.address), 'address', 'del', step.address, 'dev', device)];
    case 'bring-up': return [run('ip', 'link', 'set', 'dev', device, 'mtu', String(step.mtu), 'up')];
    case 'add-route': return [run('ip', ...family(step.network), 'route', 'add', step.network, 'dev', device)];
    case 'remove-route': return [tolerant('ip', ...family(step.network), 'route', 'del', step.network, 'dev', device)];
    case 'set-peers': return engine === 'wireguard-go' ? [{ kind: 'uapi', request: new Secret(peersRequest(step)) }] : kernelPeers(step);
  }
}

/** `addconf` replaces the allowed IPs of the peers that it names and leaves the others alone. */
function kernelPeers(step: PeersStep): readonly Action[] {
  const removals = step.remove.map((key) => ['peer', key, 'remove']);
  const moves = step.move.filter(({ endpoint }) => endpoint !== '').map(({ publicKey, endpoint }) => ['peer', publicKey, 'endpoint', endpoint]);
  const changes: Action[] = [];
  for (const words of [removals, moves]) {
    for (let at = 0; at < words.length; at += peersPerCommand) changes.push(run('wg', 'set', step.device, ...words.slice(at, at + peersPerCommand).flat()));
  }
  const add: Action[] = step.set.length === 0 ? [] : [{ kind: 'run', argv: ['wg', 'addconf', step.device, stdinPath], input: new Secret(peersConfig(step.set)) }];
  return [...changes, ...add];
}

function failureOf(step: Step, problem: { readonly stderr: string } | { readonly errno: number }): Failure {
  const text = 'stderr' in problem ? problem.stderr : `errno ${problem.errno}`;
  const errno = 'errno' in problem ? problem.errno : 0;
  const port = step.kind === 'set-identity' ? { port: step.listenPort } : {};
  if (errno === eaddrinuse || (/Address already in use/.test(text) && (step.kind === 'set-identity' || step.kind === 'bring-up'))) return failure('tunnel.port-in-use', port);
  if (errno === eperm || errno === eacces || /Operation not permitted|Permission denied/.test(text)) return failure('tunnel.not-permitted', { step: step.kind });
  if (/File exists/.test(text) && step.kind !== 'set-peers') return failure('tunnel.conflict', { what: wordOf(step) });
  if (/Unknown device type|Operation not supported|Protocol not supported/.test(text) && step.kind === 'add-device') return failure('tunnel.engine-missing', { engine: 'kernel' });
  return failure('tunnel.failed', { step: step.kind, problem: text.trim().split('\n')[0]?.slice(0, 200) ?? '' });
}

const eperm = 1;
const eacces = 13;
const eaddrinuse = 98;

function wordOf(step: Step): string {
  if ('network' in step) return step.network;
  return 'address' in step ? step.address : step.device;
}

/** A default route is no conflict: every route is narrower. Multicast and broadcast rows belong to their interfaces. */
function parseRoutes(json: string): readonly MachineRoute[] {
  const rows: unknown = JSON.parse(json === '' ? '[]' : json);
  if (!Array.isArray(rows)) return [];
  return rows.flatMap((row: unknown): MachineRoute[] => {
    if (typeof row !== 'object' || row === null || !('dst' in row) || typeof row.dst !== 'string' || row.dst === 'default') return [];
    const type = 'type' in row ? row.type : 'unicast';
    if (type === 'broadcast' || type === 'multicast' || type === 'anycast') return [];
    const bits = row.dst.includes(':') ? 128 : 32;
    const device = 'dev' in row && typeof row.dev === 'string' ? row.dev : String(type);
    return [{ network: row.dst.includes('/') ? row.dst : `${row.dst}/${bits}`, device, own: type === 'local' }];
  });
}

function family(address: string): readonly string[] {
  return address.includes(':') ? ['-6'] : ['-4'];
}

function run(...argv: readonly string[]): Action {
  return { kind: 'run', argv };
}

/** For removals: what is gone already is as wanted. */
function tolerant(...argv: readonly string[]): Action {
  return { kind: 'run', argv, tolerate: gone };
}
