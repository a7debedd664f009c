/**
 * Where a method is answered when this node does not lead.
 * leader: by the leader. here: by whoever is asked. here-unless-asked: here, or by the leader when the caller says `prefer-leader: true`.
 */
export type Place = 'leader' | 'here' | 'here-unless-asked';

const places: Readonly<Record<string, Place>> = {
  '/v1.Node/Join': 'leader',
  '/v1.Node/Leave': 'leader',
  '/v1.Node/GetStatus': 'here',
  '/v1.Node/NegotiateDataChannel': 'here',
  '/v1.Mesh/GetNode': 'here-unless-asked',
  '/v1.Mesh/ListNodes': 'here-unless-asked',
  '/v1.PeerDiscovery/ListPeers': 'here-unless-asked',
  '/v1.WebRTC/StartDataChannel': 'here',
  '/v1.Admin/PutRaftACL': 'leader',
  '/v1.Admin/DeleteRaftACL': 'leader',
  '/v1.Admin/GetRaftACL': 'leader',
  '/v1.Admin/ListRaftACLs': 'leader',
  '/webmesh.metrics.v1.MetricsService/GetMetrics': 'here',
};

/** A method that nobody thought of goes to the leader, where no answer is stale. */
export function placeOf(path: string): Place {
  return places[path] ?? 'leader';
}
