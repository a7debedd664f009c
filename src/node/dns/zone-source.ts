import { type ReadCell } from '../../base/cell.ts';
import { parsePrefix, networkOf, type Ip, type Prefix } from '../../base/ip.ts';
import { type MeshReads } from '../state/reads.ts';
import { ipv4PrefixKey, ulaPrefixKey } from '../statements/keys.ts';
import { type ZoneNode } from './node-records.ts';

/** What the names of a mesh are made of. */
export interface ZoneSource {
  /** The same list while nothing changed. */
  nodes(): readonly ZoneNode[];
  /** The mesh's networks; empty while none is known here. */
  networks(): readonly Prefix[];
  appliedIndex(): number;
  /** Changes when any of it may have. */
  readonly revision: ReadCell<number>;
}

/** The replica as a source of names. In a secured mesh, rows of devices that were never let in, or are no more, have no names. */
export function zoneSource({ nodes, get, trust, revision }: Pick<MeshReads, 'nodes' | 'get' | 'trust' | 'revision'>, appliedIndex: () => number): ZoneSource {
  let known: Known | undefined;
  const fresh = (): Known => {
    if (known?.revision === revision.get()) return known;
    const secure = trust.secure();
    const rows = nodes().filter(({ id }) => !secure || trust.device(id)?.state === 'active');
    const networks = [ipv4PrefixKey, ulaPrefixKey].flatMap((key) => parsePrefix(get(key) ?? '') ?? []).map(networkOf);
    const named = rows.map((row) => ({ ...row, ipv4: addressOf(row.leaseIpv4, 4), ipv6: addressOf(row.networkIpv6, 6) }));
    known = { revision: revision.get(), networks, nodes: named };
    return known;
  };
  return { nodes: () => fresh().nodes, networks: () => fresh().networks, appliedIndex, revision };
}

interface Known {
  readonly revision: number;
  readonly nodes: readonly ZoneNode[];
  readonly networks: readonly Prefix[];
}

function addressOf(text: string | null, family: 4 | 6): Ip | null {
  const prefix = parsePrefix(text ?? '');
  if (prefix?.ip.family !== family) return null;
  return family === 4 ? prefix.ip : networkOf(prefix).ip;
}
