import { present } from '../base/assert.ts';
import { type Identity } from '../base/identity.ts';
import { formatIp, formatPrefix, joinHostPort, parsePrefix } from '../base/ip.ts';
import { type Pki } from '../base/pki.ts';
import { type Random } from '../base/random.ts';
import { type BootstrapConfig, founderAddress, type NodeConfig } from './config.ts';
import { encodeEntry } from './consensus/entry.ts';
import { type MemberRow, type Wanted } from './consensus/members.ts';
import { instantFromMs } from './state/go-time.ts';
import { type MeshReads, type NodeRow, privateAddress } from './state/reads.ts';
import { mayTakePart } from './statements/acl.ts';
import { randomSubnet, randomUla } from './statements/addresses.ts';
import { auditActions } from './statements/audit.ts';
import { placeEndpoints } from './statements/endpoints.ts';
import { type SecuredFounding } from './statements/founding-trust.ts';
import { ipv4PrefixKey, raftIpv6Key, voterKey } from './statements/keys.ts';
import { bootstrapEntry } from './statements/statements.ts';

/** The mesh's networks, its name, and the founder's own row with the first address: one entry, so that no mesh is ever half made. `trust`: a secured mesh. */
export function foundingEntry(config: NodeConfig, bootstrap: BootstrapConfig, random: Random, nowMs: number, trust: SecuredFounding | null): Uint8Array {
  const ulaPrefix = randomUla(random);
  const networkIpv6 = present(randomSubnet(present(parsePrefix(ulaPrefix), 'the mesh prefix'), new Set(), random), 'a subnet of an empty mesh');
  const { ipv4Network, networkName } = bootstrap;
  const now = instantFromMs(nowMs);
  const { primary, list } = placeEndpoints(config.primaryEndpoint, config.endpoints, { primary: new Set(), lists: new Set() });
  return encodeEntry(bootstrapEntry({
    ulaPrefix, ipv4Prefix: formatPrefix(ipv4Network), networkName, acls: [], now, trust,
    founder: {
      id: config.nodeId,
      publicKey: config.tunnel?.publicKey || null,
      raftPort: config.raftPort, grpcPort: config.grpcPort, wireguardPort: config.wireguardPort,
      primaryEndpoint: primary,
      endpoints: list,
      networkIpv6,
      leaseIpv4: formatPrefix({ ip: founderAddress(bootstrap), bits: ipv4Network.bits }),
      asVoter: true, preferRaftIpv6: false, now,
    },
  }));
}

/**
 * What the founding records of trust: the root that the founder's chain leads to, the founder's certificate and its authority. An identity
 * without an authority of its own cannot found.
 */
export function securedFounding({ chain, authority }: Identity, networkName: string, pki: Pick<Pki, 'readCertificate'>, nowMs: number): SecuredFounding {
  const [certificate, signer] = [present(chain[0], 'a certificate'), present(chain[1], 'its authority')];
  const root = present(chain.at(-1), 'a root');
  const own = present(authority?.chain[0], "the founder's authority");
  const { id, fingerprint, keyHash, notBeforeMs, notAfterMs } = pki.readCertificate(certificate);
  return {
    nowMs, root, deviceId: id, name: id,
    certificate: { fingerprint, keyHash, certificate, authority: signer, notBeforeMs, notAfterMs },
    authority: { certificate: own, notAfterMs: pki.readCertificate(own).notAfterMs },
    audit: {
      atMs: nowMs, actor: id, node: id, action: auditActions.found, subject: networkName === '' ? id : networkName,
      detail: { root: pki.readCertificate(root).fingerprint },
    },
  };
}

/** True once the mesh's first entry was applied here. */
export function isFounded(reads: Pick<MeshReads, 'get'>): boolean {
  return reads.get(ipv4PrefixKey) !== undefined;
}

/** What the tables say about who takes part in consensus, and how. Guests of a secured mesh never vote, whatever the ACLs say. */
export function wantedMembers(reads: Pick<MeshReads, 'get' | 'nodes' | 'raftAcls' | 'trust'>): Wanted {
  const acls = reads.raftAcls();
  const secure = reads.trust.secure();
  const memberRow = (row: NodeRow): MemberRow => ({
    id: row.id,
    address: raftAddress(row, reads.get(raftIpv6Key(row.id)) !== undefined),
    wantsVote: reads.get(voterKey(row.id)) !== undefined,
    mayVote: mayTakePart(acls, row.id, 'voter') && !(secure && reads.trust.device(row.id)?.role === 'guest'),
  });
  return { founded: isFounded(reads), rows: reads.nodes().map(memberRow) };
}

function raftAddress(row: NodeRow, preferIpv6: boolean): string {
  const ipv6 = parsePrefix(row.networkIpv6 ?? '');
  if (preferIpv6 && ipv6) return joinHostPort(formatIp(ipv6.ip), row.raftPort);
  return privateAddress(row, row.raftPort) ?? '';
}
