import { type PathReasonCode } from '../../base/path-reasons.ts';
import { type NetcheckResponse, type PathReason } from '../../gen/webmesh/local/v1/local.ts';
import { Mapping, Tier } from '../../gen/webmesh/paths/v1/paths_messages.ts';

export interface Checked extends Omit<NetcheckResponse, 'findings'> {
  readonly hairpinKnown: boolean;
  /** This machine has an address at all. */
  readonly online: boolean;
}

/** What stands in the way of direct paths, the most telling first; one `best` where nothing does. */
export function findings({ nat, udp, hairpin, hairpinKnown, servers, online }: Checked): PathReason[] {
  const asked = servers.length > 0;
  const found: PathReason[] = [];
  const find = (code: PathReasonCode, tier: Tier, detail: Readonly<Record<string, string>> = {}): void => void found.push({ code, tier, detail: { ...detail } });
  if (!online) find('offline', Tier.TIER_DIRECT);
  else if (asked && !udp) find('udp-blocked-here', Tier.TIER_PUNCH);
  else if (nat?.mapping === Mapping.MAPPING_HARD && nat.portMapping === '') find('hard-nat-here', Tier.TIER_PUNCH);
  if (online && udp && nat?.mapping !== Mapping.MAPPING_OPEN && hairpinKnown && !hairpin) find('no-hairpin', Tier.TIER_PUNCH);
  if (online && udp && nat?.mapping !== Mapping.MAPPING_OPEN && nat?.tunnelEndpoints.length === 0) find('not-observed', Tier.TIER_PUNCH);
  if (online && !servers.some(({ kind, latencyMs }) => kind.startsWith('turn-') && latencyMs >= 0)) find('no-relay', Tier.TIER_TURN);
  if (found.length === 0) find('best', Tier.TIER_DIRECT);
  return found;
}
