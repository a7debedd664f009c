import { type RaftLogEntry } from '../../gen/v1/node_raft.ts';
import { type Instant } from '../state/go-time.ts';
import { addAudit, type AuditInput, demandAdmin } from './audit.ts';
import { type EntryBuilder, entryBuilder } from './entry.ts';
import { addSecuredFounding, type SecuredFounding } from './founding-trust.ts';
import { ipv4PrefixKey, networkNameKey, raftIpv6Key, ulaPrefixKey, voterKey } from './keys.ts';

/** A node as Join writes it. Everything that is chosen (addresses, times) was chosen by the leader and travels as a value. */
export interface JoiningNode {
  readonly id: string;
  /** Null only for a founder whose tunnel is not up yet. */
  readonly publicKey: string | null;
  readonly raftPort: number;
  readonly grpcPort: number;
  readonly wireguardPort: number;
  /** Bare address; null leaves the one that stands. */
  readonly primaryEndpoint: string | null;
  /** Bare addresses joined by commas, or null for none; see endpoints. */
  readonly endpoints: string | null;
  /** `fd…::/64`; a node that has one keeps its own. */
  readonly networkIpv6: string;
  /** `address/bits`, or null to assign none. A node that has one keeps its own. */
  readonly leaseIpv4: string | null;
  readonly asVoter: boolean;
  readonly preferRaftIpv6: boolean;
  readonly now: Instant;
}

/**
 * Join, new or again, as one entry. A node that is known keeps its addresses and its time of creation; a wish to vote is only added
 * (a voter that joins again keeps its vote). Where an address or endpoint is another node's, a constraint refuses the whole entry.
 * In a secured mesh the guards refuse it unless the device is active (no-device). `audit` is given for a node that is new.
 */
export function joinEntry(node: JoiningNode, audit: AuditInput | null = null): RaftLogEntry {
  const builder = entryBuilder();
  addNode(builder, node);
  addAudit(builder, audit);
  return builder.entry();
}

function addNode(builder: EntryBuilder, node: JoiningNode): void {
  const id = builder.text(node.id);
  const now = builder.time(node.now);
  const values = [
    id, builder.optional(node.publicKey), builder.integer(node.raftPort), builder.integer(node.grpcPort), builder.integer(node.wireguardPort),
    builder.optional(node.primaryEndpoint), builder.optional(node.endpoints), builder.text(node.networkIpv6), now, now,
  ];
  builder.add(`INSERT INTO nodes (id, public_key, raft_port, grpc_port, wireguard_port, primary_endpoint, endpoints, network_ipv6, created_at, updated_at)
VALUES (${values.join(', ')})
ON CONFLICT (id) DO UPDATE SET
  public_key = excluded.public_key, raft_port = excluded.raft_port, grpc_port = excluded.grpc_port, wireguard_port = excluded.wireguard_port,
  primary_endpoint = coalesce(excluded.primary_endpoint, nodes.primary_endpoint), endpoints = excluded.endpoints,
  network_ipv6 = coalesce(nodes.network_ipv6, excluded.network_ipv6), updated_at = excluded.updated_at`);
  if (node.leaseIpv4 !== null) {
    // Only the node's own row may stand in the way: an address that another node holds is a conflict, never a replacement.
    builder.add(`INSERT INTO leases (node_id, ipv4, created_at) VALUES (${id}, ${builder.text(node.leaseIpv4)}, ${now}) ON CONFLICT (node_id) DO NOTHING`);
  }
  if (node.asVoter) addState(builder, voterKey(node.id), 'true');
  if (node.preferRaftIpv6) addState(builder, raftIpv6Key(node.id), 'true');
  else builder.add(`DELETE FROM mesh_state WHERE key = ${builder.text(raftIpv6Key(node.id))}`);
}

/** Leave: the row, its lease and its wishes. The lease goes by name as well, for replicas that have no foreign keys. */
export function leaveEntry(id: string, audit: AuditInput | null = null): RaftLogEntry {
  const builder = entryBuilder();
  const node = builder.text(id);
  builder.add(`DELETE FROM leases WHERE node_id = ${node}`);
  builder.add(`DELETE FROM nodes WHERE id = ${node}`);
  builder.add(`DELETE FROM mesh_state WHERE key = ${builder.text(voterKey(id))} OR key = ${builder.text(raftIpv6Key(id))}`);
  addAudit(builder, audit);
  return builder.entry();
}

export interface RaftAcl {
  readonly name: string;
  readonly patterns: readonly string[];
  readonly voter: boolean;
  readonly observer: boolean;
}

/** With an audit event its actor must still be an admin (not-admin). */
export function putRaftAclEntry(acl: RaftAcl, now: Instant, audit: AuditInput | null = null): RaftLogEntry {
  const builder = entryBuilder();
  if (audit) demandAdmin(builder, audit);
  addAcl(builder, acl, now);
  addAudit(builder, audit);
  return builder.entry();
}

function addAcl(builder: EntryBuilder, { name, patterns, voter, observer }: RaftAcl, at: Instant): void {
  const now = builder.time(at);
  const values = [builder.text(name), builder.text(patterns.join(',')), builder.flag(voter), builder.flag(observer), now, now];
  builder.add(`INSERT INTO raft_acls (name, nodes, voter, observer, created_at, updated_at) VALUES (${values.join(', ')})
ON CONFLICT (name) DO UPDATE SET nodes = excluded.nodes, voter = excluded.voter, observer = excluded.observer, updated_at = excluded.updated_at`);
}

/** With an audit event its actor must still be an admin (not-admin). */
export function deleteRaftAclEntry(name: string, audit: AuditInput | null = null): RaftLogEntry {
  const builder = entryBuilder();
  if (audit) demandAdmin(builder, audit);
  builder.add(`DELETE FROM raft_acls WHERE name = ${builder.text(name)}`);
  addAudit(builder, audit);
  return builder.entry();
}

export interface Founding {
  /** `fd…::/48` */
  readonly ulaPrefix: string;
  /** e.g. `172.16.0.0/12` */
  readonly ipv4Prefix: string;
  readonly networkName: string;
  readonly acls: readonly RaftAcl[];
  /** The founder's own row, so that the mesh is never without a node. */
  readonly founder: JoiningNode | null;
  readonly now: Instant;
  /** Left out: a mesh in clear text, and for ever. */
  readonly trust?: SecuredFounding | null;
}

/** The mesh's first entry. Asked twice, the first stands: a mesh never changes its networks, nor whether it is secured. */
export function bootstrapEntry({ ulaPrefix, ipv4Prefix, networkName, acls, founder, now, trust }: Founding): RaftLogEntry {
  const builder = entryBuilder();
  addOnce(builder, ulaPrefixKey, ulaPrefix);
  addOnce(builder, ipv4PrefixKey, ipv4Prefix);
  if (networkName !== '') addOnce(builder, networkNameKey, networkName);
  for (const acl of acls) addAcl(builder, acl, now);
  if (trust) addSecuredFounding(builder, trust);
  if (founder) addNode(builder, founder);
  return builder.entry();
}

function addOnce(builder: EntryBuilder, key: string, value: string): void {
  builder.add(`INSERT INTO mesh_state (key, value) VALUES (${builder.text(key)}, ${builder.text(value)}) ON CONFLICT (key) DO NOTHING`);
}

function addState(builder: EntryBuilder, key: string, value: string): void {
  builder.add(`INSERT INTO mesh_state (key, value) VALUES (${builder.text(key)}, ${builder.text(value)}) ON CONFLICT (key) DO UPDATE SET value = excluded.value`);
}
