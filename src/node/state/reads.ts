import { type ReadCell } from '../../base/cell.ts';
import { formatIp, joinHostPort, parseIp, parsePrefix } from '../../base/ip.ts';
import { type Database, type SqlValue } from '../ports.ts';
import { type Instant } from './go-time.ts';
import { createTrustReads, type TrustReads } from './trust-reads.ts';
import { integerOf, textOf, textOrNull, timeOf } from './values.ts';

/** A node's row with its lease. Texts that are empty or of another type read as null, times that are none as Go's zero time. */
export interface NodeRow {
  readonly id: string;
  readonly publicKey: string | null;
  readonly raftPort: number;
  readonly grpcPort: number;
  readonly wireguardPort: number;
  readonly primaryEndpoint: string | null;
  readonly endpoints: readonly string[];
  /** `fd…::/64` */
  readonly networkIpv6: string | null;
  /** `address/bits` with the bits of the mesh network. */
  readonly leaseIpv4: string | null;
  readonly createdAt: Instant;
  readonly updatedAt: Instant;
}

export interface RaftAclRow {
  readonly name: string;
  readonly patterns: readonly string[];
  readonly voter: boolean;
  readonly observer: boolean;
}

/** Local reads of the replica: as new as what was applied here. */
export interface MeshReads {
  /** Ordered by id. */
  nodes(): readonly NodeRow[];
  node(id: string): NodeRow | undefined;
  /** All lease texts. */
  leases(): readonly string[];
  /** The endpoint lists as they are stored, except one node's own. */
  endpointLists(exceptId: string): ReadonlySet<string>;
  /** A value of mesh_state; see statements/keys. */
  get(key: string): string | undefined;
  /** Ordered by name: the order in which they are asked. */
  raftAcls(): readonly RaftAclRow[];
  /** Devices, certificates, invites, authorities, the audit log. Empty in clear text. */
  readonly trust: TrustReads;
  /** Grows after each commit that may have changed something. */
  readonly revision: ReadCell<number>;
}

const nodeColumns = `nodes.id, nodes.public_key, nodes.raft_port, nodes.grpc_port, nodes.wireguard_port, nodes.primary_endpoint, nodes.endpoints, nodes.network_ipv6,
  leases.ipv4, nodes.created_at, nodes.updated_at FROM nodes LEFT JOIN leases ON leases.node_id = nodes.id`;

export function createReads(db: Database, revision: ReadCell<number>): MeshReads {
  const allNodes = db.prepare(`SELECT ${nodeColumns} ORDER BY nodes.id`);
  const oneNode = db.prepare(`SELECT ${nodeColumns} WHERE nodes.id = ?`);
  const allLeases = db.prepare('SELECT ipv4 FROM leases ORDER BY ipv4');
  const otherLists = db.prepare('SELECT endpoints FROM nodes WHERE id <> ? AND endpoints IS NOT NULL');
  const oneValue = db.prepare('SELECT value FROM mesh_state WHERE key = ?');
  const allAcls = db.prepare('SELECT name, nodes, voter, observer FROM raft_acls ORDER BY name');
  // Shells ask for the whole list every two seconds; it changes only with the revision.
  let known: { readonly revision: number; readonly rows: readonly NodeRow[] } | undefined;
  return {
    nodes: () => {
      if (known?.revision !== revision.get()) known = { revision: revision.get(), rows: allNodes.all().map(nodeRow) };
      return known.rows;
    },
    node: (id) => oneNode.all(id).map(nodeRow)[0],
    leases: () => allLeases.all().map(([ipv4]) => textOf(ipv4)),
    endpointLists: (exceptId) => new Set(otherLists.all(exceptId).map(([list]) => textOf(list))),
    get: (key) => oneValue.all(key).map(([value]) => textOf(value))[0],
    raftAcls: () => allAcls.all().map(([name, nodes, voter, observer]) => ({ name: textOf(name), patterns: textOf(nodes).split(','), voter: integerOf(voter) !== 0, observer: integerOf(observer) !== 0 })),
    trust: createTrustReads(db, revision),
    revision,
  };
}

function nodeRow([id, publicKey, raftPort, grpcPort, wireguardPort, primaryEndpoint, endpoints, networkIpv6, ipv4, createdAt, updatedAt]: readonly SqlValue[]): NodeRow {
  return {
    id: textOf(id),
    publicKey: textOrNull(publicKey),
    raftPort: integerOf(raftPort),
    grpcPort: integerOf(grpcPort),
    wireguardPort: integerOf(wireguardPort),
    primaryEndpoint: textOrNull(primaryEndpoint),
    // A repeated address means nothing; see statements/endpoints for why one may be there.
    endpoints: [...new Set(textOf(endpoints).split(',').filter((each) => each !== ''))],
    networkIpv6: textOrNull(networkIpv6),
    leaseIpv4: textOrNull(ipv4),
    createdAt: timeOf(createdAt),
    updatedAt: timeOf(updatedAt),
  };
}

/** Where a node's service on `port` is reached inside the mesh: its lease, else its IPv6 address; undefined when it has neither. */
export function privateAddress({ leaseIpv4, networkIpv6 }: Pick<NodeRow, 'leaseIpv4' | 'networkIpv6'>, port: number): string | undefined {
  const prefix = parsePrefix(leaseIpv4 ?? '') ?? parsePrefix(networkIpv6 ?? '');
  return prefix && joinHostPort(formatIp(prefix.ip), port);
}

/** Where it is reached from outside; undefined without a primary endpoint. */
export function publicAddress({ primaryEndpoint }: Pick<NodeRow, 'primaryEndpoint'>, port: number): string | undefined {
  const ip = parseIp(primaryEndpoint ?? '');
  return ip && joinHostPort(formatIp(ip), port);
}
