import { expect, test } from 'vitest';
import { type Role } from '../../base/identity.ts';
import { type Caller, RpcError } from '../../base/rpc.ts';
import { AdminService } from '../../gen/v1/admin.ts';
import { MeshService } from '../../gen/v1/mesh.ts';
import { NodeService } from '../../gen/v1/node.ts';
import { PeerDiscoveryService } from '../../gen/v1/peer_discovery.ts';
import { WebRTCService } from '../../gen/v1/webrtc.ts';
import { LocalNodeService } from '../../gen/webmesh/local/v1/local.ts';
import { MetricsServiceService } from '../../gen/webmesh/metrics/v1/metrics.ts';
import { PathServiceService } from '../../gen/webmesh/paths/v1/paths.ts';
import { EnrollmentServiceService, TrustServiceService } from '../../gen/webmesh/trust/v1/trust.ts';
import { checkNames, decide, type TrustFacts } from './auth.ts';
import { rules, ruleOf } from './policy.ts';

const nowMs = 1_800_000_000_000;
const dayMs = 86_400_000;
const devices: Record<string, { role: Role; state: 'pending' | 'active' | 'revoked' }> = {
  guest: { role: 'guest', state: 'active' }, member: { role: 'member', state: 'active' }, admin: { role: 'admin', state: 'active' }, voter: { role: 'member', state: 'active' },
  demoted: { role: 'guest', state: 'active' }, pending: { role: 'member', state: 'pending' }, revoked: { role: 'admin', state: 'revoked' }, stale: { role: 'admin', state: 'active' },
};
/** Days until each one's certificate ends. `stolen` has none: an authority's thief made it. */
const ends: Record<string, number> = { guest: 30, member: 30, admin: 30, voter: 30, demoted: 30, pending: 30, revoked: 30, stale: -10, ancient: -91 };
const facts: TrustFacts = {
  secure: true,
  device: (id) => devices[id === 'ancient' || id === 'stolen' ? 'admin' : id],
  certificate: (fingerprint) => (ends[fingerprint] === undefined ? undefined : { deviceId: fingerprint, notAfterMs: nowMs + (ends[fingerprint] ?? 0) * dayMs }),
  votes: (id) => id === 'voter' || id === 'demoted',
};
const certified = (id: string, expired = (ends[id] ?? 1) < 0): Caller => ({ kind: 'certified', id, fingerprint: id, expired });
const callers: Record<string, Caller> = {
  local: { kind: 'local' }, 'clear-text': { kind: 'clear-text' }, anonymous: { kind: 'anonymous' },
  ...Object.fromEntries(['guest', 'member', 'admin', 'voter', 'demoted', 'pending', 'revoked', 'stale', 'ancient', 'stolen', 'stranger'].map((id) => [id, certified(id)])),
  // A recorded certificate that says another id than the one it was recorded for.
  'wrong id': { kind: 'certified', id: 'admin', fingerprint: 'member', expired: false },
};

const short: Record<string, string> = {
  'only for local callers': 'local', 'certificate required': 'cert', 'TLS required': 'tls', 'only for members': 'members', 'only for admins': 'admins', 'only for voters': 'voters',
  revoked: 'revoked', 'certificate expired': 'expired', 'this mesh has no certificates': 'clear',
};

function answer(path: string, caller: Caller, with_: TrustFacts = facts): string {
  const rule = ruleOf(path);
  if (!rule) return 'not served';
  const decision = decide(rule, caller, '', with_, nowMs);
  if (decision.kind === 'unknown') return 'wait';
  return decision.kind === 'admitted' ? 'yes' : `${decision.error.code}:${short[decision.error.message] ?? decision.error.message}`;
}

const columns = Object.keys(callers);
const table = (paths: readonly string[]): string[] => paths.map((path) => [path.split('.').at(-1), ...columns.map((name) => answer(path, callers[name] as Caller))].join(' '));

test('every method, asked by every kind of caller, gives the documented answer', () => {
  expect(columns.join(' ')).toBe('local clear-text anonymous guest member admin voter demoted pending revoked stale ancient stolen stranger wrong id');
  const rows = (who: string): string => ({
    guest: '7:local 16:cert 16:cert yes yes yes yes yes wait 7:revoked 16:expired 16:expired wait wait wait',
    member: '7:local 16:cert 16:cert 7:members yes yes yes 7:members wait 7:revoked 16:expired 16:expired wait wait wait',
    admin: '7:local 16:cert 16:cert 7:admins 7:admins yes 7:admins 7:admins wait 7:revoked 16:expired 16:expired wait wait wait',
    voter: '7:local 16:cert 16:cert 7:voters 7:voters 7:voters yes 7:voters wait 7:revoked 16:expired 16:expired wait wait wait',
    renewing: '7:local 16:cert 16:cert yes yes yes yes yes wait 7:revoked yes 16:expired wait wait wait',
    certified: '7:local 16:cert 16:cert yes yes yes yes yes yes 7:revoked 16:expired 16:expired yes yes yes',
    anybody: '7:local 16:tls yes yes yes yes yes yes yes yes yes yes yes yes yes',
    local: `yes ${Array.from({ length: 14 }, () => '7:local').join(' ')}`,
  }[who] ?? '');
  const documented: Record<string, string> = {
    'Node/Join': 'guest', 'Node/Leave': 'guest', 'Node/GetStatus': 'guest', 'Node/NegotiateDataChannel': 'guest', 'Mesh/GetNode': 'guest', 'Mesh/ListNodes': 'guest', 'PeerDiscovery/ListPeers': 'guest',
    'WebRTC/StartDataChannel': 'guest', 'Admin/PutRaftACL': 'admin', 'Admin/DeleteRaftACL': 'admin', 'Admin/GetRaftACL': 'admin', 'Admin/ListRaftACLs': 'admin', 'MetricsService/GetMetrics': 'member',
    'EnrollmentService/Enroll': 'anybody', 'TrustService/Renew': 'renewing', 'TrustService/CreateInvite': 'admin', 'TrustService/RevokeInvite': 'admin', 'TrustService/ApproveDevice': 'admin',
    'TrustService/RevokeDevice': 'admin', 'TrustService/SetRole': 'admin', 'TrustService/RequestAuthority': 'voter', 'TrustService/GrantAuthority': 'admin', 'TrustService/Issue': 'voter',
    'TrustService/GetTrust': 'guest', 'TrustService/ListAudit': 'admin', 'Health/Check': 'certified', 'Health/Watch': 'certified', 'ServerReflection/ServerReflectionInfo': 'member',
    'LocalNode/WatchReplica': 'local', 'LocalNode/GetMetrics': 'local', 'LocalNode/Renew': 'local', 'LocalNode/ListAudit': 'local',
    'LocalNode/SetPathInputs': 'local', 'LocalNode/WatchPaths': 'local', 'LocalNode/Netcheck': 'local', 'LocalNode/PingPeer': 'local', 'LocalNode/OpenForward': 'local',
    'LocalNode/CloseForward': 'local', 'PathService/Negotiate': 'guest', 'PathService/Observe': 'guest', 'PathService/Relay': 'guest',
  };
  const paths = Object.keys(rules);
  expect(table(paths)).toEqual(paths.map((path) => {
    const name = path.split('.').at(-1) ?? '';
    return `${name} ${rows(documented[name] ?? '')}`;
  }));
});

test('every method that we define has a row, and nothing else does but health and reflection', () => {
  const defined = [NodeService, MeshService, AdminService, PeerDiscoveryService, WebRTCService, LocalNodeService, MetricsServiceService, EnrollmentServiceService, TrustServiceService, PathServiceService]
    .flatMap((definition) => Object.values(definition).map(({ path }) => path));
  expect(defined.filter((path) => ruleOf(path) === undefined)).toEqual([]);
  expect(Object.keys(rules).filter((path) => !defined.includes(path as (typeof defined)[number])).map((path) => path.split('/')[1])).toEqual([
    'grpc.health.v1.Health', 'grpc.health.v1.Health', 'grpc.reflection.v1.ServerReflection', 'grpc.reflection.v1alpha.ServerReflection',
  ]);
  expect([ruleOf('/v1.Node/Anything'), ruleOf('constructor'), ruleOf('')]).toEqual([undefined, undefined, undefined]);
});

test('in clear text the v1 API is open as it always was, and what is about trust is not there', () => {
  const open = { ...facts, secure: false };
  const answers = Object.keys(rules).map((path) => [path.split('.').slice(0, -1).join('.').replace('/', ''), answer(path, { kind: 'clear-text' }, open)].join(' '));
  expect([...new Set(answers)].sort()).toEqual(['grpc.health.v1 yes', 'grpc.reflection.v1 yes', 'grpc.reflection.v1alpha yes', 'v1 yes', 'webmesh.local.v1 7:local', 'webmesh.metrics.v1 yes', 'webmesh.paths.v1 yes', 'webmesh.trust.v1 16:clear']);
});

test('whose id a request may name', () => {
  const may = (path: string, id: string, role: Role, named: unknown): string => {
    try {
      checkNames(ruleOf(path) ?? { place: 'here', who: 'admin', names: 'self', clearText: false }, { kind: 'device', id, role, votes: false }, named);
      return 'yes';
    } catch (error) {
      return error instanceof RpcError ? error.message : String(error);
    }
  };
  const [join, leave] = ['/v1.Node/Join', '/v1.Node/Leave'];
  expect([may(join, 'a', 'guest', 'a'), may(join, 'a', 'admin', 'b'), may(join, 'a', 'admin', ''), may(join, 'a', 'admin', undefined), may(leave, 'a', 'guest', 'a'), may(leave, 'a', 'member', 'b'), may(leave, 'a', 'admin', 'b'), may('/v1.Mesh/GetNode', 'a', 'guest', 'b')])
    .toEqual(['yes', 'only for the node itself', 'only for the node itself', 'only for the node itself', 'yes', 'only for admins', 'yes', 'yes']);
});
