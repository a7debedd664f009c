import type { Handlers } from '../../contract/commands.ts';
import type { CorePorts } from '../ports.ts';
import type { Profile, Profiles } from '../profiles.ts';
import { slugOf } from '../trust/names.ts';
import type { Topics } from '../../contract/carrier.ts';
import type { Networks } from '../networks/networks.ts';
import { tunnelPhase } from '../tunnel/helper.ts';
import { csvOf } from './csv.ts';
import { type History, keepHistory } from './keep.ts';

/** The history of this app: it follows the networks and the machine through what the core knows anyway. */
export function appHistory(ports: CorePorts, profiles: Profiles, networks: Networks, topics: Topics): History {
  const ids = (): readonly string[] => profiles.document.get().list.map(({ id }) => id);
  return keepHistory({
    ports, metrics: topics.metrics,
    known: { get: ids, subscribe: (see) => profiles.document.subscribe(() => see(ids())) },
    // The tunnels' own word, also while a session reconnects: what passes through them passes.
    live: () => (ports.helper.report.get()?.networks ?? []).flatMap(({ tunnelId, tunnel }) => (tunnel && tunnel.phase !== tunnelPhase.none && networks.find(tunnelId) && ids().includes(tunnelId) ? [tunnelId] : [])),
    peersOf: (id) => networks.find(id)?.topics.peers.get().list ?? [],
  });
}

/** The commands about what was measured in the last day. */
export function historyHandlers(history: History, { clock, documents }: Pick<CorePorts, 'clock' | 'documents'>, meant: (profile: string | undefined) => Profile | undefined): Pick<Handlers, `history.${'read' | 'export' | 'clear'}`> {
  return {
    'history.read': async ({ about, fromMs, toMs, profile }) => ({ history: await history.read(about, meant(profile)?.id ?? null, fromMs, toMs) }),
    'history.export': async ({ about, fromMs, toMs, ...of }) => {
      const profile = meant(of.profile);
      const network = profile?.name ?? '';
      const view = await history.read(about, profile?.id ?? null, fromMs, toMs);
      const labels = about === 'host' ? {} : about === 'network' ? { network } : { network, peer: about.peer };
      const subject = about === 'host' ? 'device' : slugOf(about === 'network' ? network : about.peer);
      return { path: await documents.report(`webmesh-history-${subject}-${clock.nowMs()}.csv`, csvOf(view, labels)) };
    },
    'history.clear': async ({ profile }) => {
      await history.clear(meant(profile)?.id ?? null);
      return null;
    },
  };
}
