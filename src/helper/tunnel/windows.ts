import { failure, type Failure } from '../../base/failure.ts';
import { Secret } from '../../base/log.ts';
import { identityRequest, peersRequest } from './uapi.ts';
import { type Step } from './reconcile.ts';
import { type Action, type ActionKeys, type EngineName, type StepProblem, type System } from './system.ts';

/**
 * Windows: wireguard-go on a Wintun adapter (its configuration pipe speaks the same text); addresses, MTU and routes by the calls of the IP
 * Helper, whose answers are numbers in every language. All of it ends with the adapter, and the adapter with its engine. Not run on a real
 * Windows yet.
 */
export const windows: System = {
  deviceName: (tunnelId) => `wm${tunnelId.slice(0, 10)}`,
  actions,
  failureOf,
  routeQueries: null,
  parseRoutes: () => [],
};

/** winerror.h. */
const code = { accessDenied: 5, exists: 5010, notFound: 1168, privilegeNotHeld: 1314 } as const;
const known: Readonly<Record<number, string>> = { 5: 'access denied', 50: 'not supported', 87: 'a wrong parameter', 1168: 'there is no such interface, address or route', 1314: 'a right is missing', 5010: 'it is there already' };
/** What is gone already was to go. */
const gone = [code.notFound];
/** IpcErrorPortInUse: wireguard-go answers Linux's numbers on every system. */
const portInUse = 98;

function actions(step: Step, _engine: EngineName, keys: ActionKeys): readonly Action[] {
  const { device } = step;
  switch (step.kind) {
    case 'add-device': return [{ kind: 'start-engine' }];
    // The adapter ends with the process that made it.
    case 'remove-device': return [{ kind: 'stop-engine' }];
    case 'set-identity': return [{ kind: 'uapi', request: new Secret(identityRequest(keys.privateKey.reveal(), step.listenPort)) }];
    case 'add-address': return [{ kind: 'ip', change: { what: 'add-address', device, address: step.address } }];
    case 'remove-address': return [{ kind: 'ip', change: { what: 'remove-address', device, address: step.address }, tolerate: gone }];
    // A machine may have IPv6 switched off: then there is no such half of the interface, and an IPv6 address says so.
    case 'bring-up': return [
      { kind: 'ip', change: { what: 'set-interface', device, family: 4, mtu: step.mtu } },
      { kind: 'ip', change: { what: 'set-interface', device, family: 6, mtu: step.mtu }, tolerate: gone },
    ];
    case 'add-route': return [{ kind: 'ip', change: { what: 'add-route', device, network: step.network } }];
    case 'remove-route': return [{ kind: 'ip', change: { what: 'remove-route', device, network: step.network }, tolerate: gone }];
    case 'set-peers': return [{ kind: 'uapi', request: new Secret(peersRequest(step)) }];
  }
}

function failureOf(step: Step, problem: StepProblem): Failure {
  if ('errno' in problem) {
    if (problem.errno === portInUse) return failure('tunnel.port-in-use', step.kind === 'set-identity' ? { port: step.listenPort } : {});
    return failure('tunnel.failed', { step: step.kind, problem: `the engine answered errno ${problem.errno}` });
  }
  if ('stderr' in problem) return failure('tunnel.failed', { step: step.kind, problem: problem.stderr.trim().split('\n')[0]?.slice(0, 200) ?? '' });
  if (problem.code === code.accessDenied || problem.code === code.privilegeNotHeld) return failure('tunnel.not-permitted', { step: step.kind });
  if (problem.code === code.exists) return failure('tunnel.conflict', { what: 'network' in step ? step.network : 'address' in step ? step.address : step.device });
  const meaning = known[problem.code];
  return failure('tunnel.failed', { step: step.kind, problem: `Windows error ${problem.code}${meaning === undefined ? '' : `: ${meaning}`}` });
}
