/**
 * Where a method is answered when this node does not lead.
 * leader: by the leader. here: by whoever is asked. here-unless-asked: here, or by the leader when the caller says `prefer-leader: true`.
 */
export type Place = 'leader' | 'here' | 'here-unless-asked';

/**
 * Who may call, in a mesh that lets in only who belongs.
 * local: the app of this machine, over the private socket; nobody else, and nothing else for it.
 * anybody: without a certificate. certified: with any certificate of the mesh that is not over, of a device that was not revoked.
 * renewing: a recorded certificate of an active device, also for the grace after its end. guest, member, admin: an active device with a
 * recorded certificate and at least this role. voter: a member that votes in the present configuration of Raft.
 */
export type Who = 'local' | 'anybody' | 'certified' | 'renewing' | 'guest' | 'member' | 'admin' | 'voter';

export interface Rule {
  readonly place: Place;
  readonly who: Who;
  /** Whom the request's `id` may name. Left out: anybody. */
  readonly names?: 'self' | 'self-or-admin';
  /** Served in clear-text meshes too, and there to everybody: they have no way to tell callers apart. */
  readonly clearText: boolean;
}

const open = (place: Place, who: Who, names?: Rule['names']): Rule => ({ place, who, clearText: true, ...(names ? { names } : {}) });
const trusted = (place: Place, who: Who): Rule => ({ place, who, clearText: false });
const local: Rule = { place: 'here', who: 'local', clearText: false };

/** The one table of who may do what. What has no row here is not served, and a node that would serve it does not start. */
export const rules: Readonly<Record<string, Rule>> = {
  '/v1.Node/Join': open('leader', 'guest', 'self'),
  '/v1.Node/Leave': open('leader', 'guest', 'self-or-admin'),
  '/v1.Node/GetStatus': open('here', 'guest'),
  '/v1.Node/NegotiateDataChannel': open('here', 'guest'),
  '/v1.Mesh/GetNode': open('here-unless-asked', 'guest'),
  '/v1.Mesh/ListNodes': open('here-unless-asked', 'guest'),
  '/v1.PeerDiscovery/ListPeers': open('here-unless-asked', 'guest'),
  '/v1.WebRTC/StartDataChannel': open('here', 'guest'),
  '/v1.Admin/PutRaftACL': open('leader', 'admin'),
  '/v1.Admin/DeleteRaftACL': open('leader', 'admin'),
  '/v1.Admin/GetRaftACL': open('leader', 'admin'),
  '/v1.Admin/ListRaftACLs': open('leader', 'admin'),
  '/webmesh.metrics.v1.MetricsService/GetMetrics': open('here', 'member'),
  '/webmesh.trust.v1.EnrollmentService/Enroll': trusted('leader', 'anybody'),
  '/webmesh.trust.v1.TrustService/Renew': trusted('leader', 'renewing'),
  '/webmesh.trust.v1.TrustService/CreateInvite': trusted('leader', 'admin'),
  '/webmesh.trust.v1.TrustService/RevokeInvite': trusted('leader', 'admin'),
  '/webmesh.trust.v1.TrustService/ApproveDevice': trusted('leader', 'admin'),
  '/webmesh.trust.v1.TrustService/RevokeDevice': trusted('leader', 'admin'),
  '/webmesh.trust.v1.TrustService/SetRole': trusted('leader', 'admin'),
  '/webmesh.trust.v1.TrustService/RequestAuthority': trusted('leader', 'voter'),
  '/webmesh.trust.v1.TrustService/GrantAuthority': trusted('leader', 'admin'),
  '/webmesh.trust.v1.TrustService/Issue': trusted('here', 'voter'),
  '/webmesh.trust.v1.TrustService/GetTrust': trusted('here-unless-asked', 'guest'),
  '/webmesh.trust.v1.TrustService/ListAudit': trusted('here-unless-asked', 'admin'),
  '/webmesh.paths.v1.PathService/Negotiate': open('here', 'guest'),
  '/webmesh.paths.v1.PathService/Observe': open('here', 'guest'),
  '/webmesh.paths.v1.PathService/Relay': open('here', 'guest'),
  '/grpc.health.v1.Health/Check': open('here', 'certified'),
  '/grpc.health.v1.Health/Watch': open('here', 'certified'),
  '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo': open('here', 'member'),
  '/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo': open('here', 'member'),
  '/webmesh.local.v1.LocalNode/WatchReplica': local,
  '/webmesh.local.v1.LocalNode/GetMetrics': local,
  '/webmesh.local.v1.LocalNode/Renew': local,
  '/webmesh.local.v1.LocalNode/ListAudit': local,
  '/webmesh.local.v1.LocalNode/SetPathInputs': local,
  '/webmesh.local.v1.LocalNode/WatchPaths': local,
  '/webmesh.local.v1.LocalNode/Netcheck': local,
  '/webmesh.local.v1.LocalNode/PingPeer': local,
  '/webmesh.local.v1.LocalNode/OpenForward': local,
  '/webmesh.local.v1.LocalNode/CloseForward': local,
};

/** Undefined: nobody may call it. */
export function ruleOf(path: string): Rule | undefined {
  return Object.hasOwn(rules, path) ? rules[path] : undefined;
}
