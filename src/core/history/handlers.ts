import type { Handlers } from '../../contract/commands.ts';
import type { CorePorts } from '../ports.ts';
import type { Profile, Profiles } from '../profiles.ts';
import type { Session } from '../session/session.ts';
import { slugOf } from '../trust/names.ts';
import type { AppTopics } from '../topics.ts';
import { csvOf } from './csv.ts';
import { type History, keepHistory } from './keep.ts';

/** The history of this app: it follows the session and the machine through what the core knows anyway. */
export function appHistory(ports: CorePorts, profiles: Profiles, session: Session, { topics }: AppTopics): History {
  const ids = (): readonly string[] => profiles.document.get().list.map(({ id }) => id);
  return keepHistory({
    ports, metrics: topics.metrics, peers: topics.peers,
    known: { get: ids, subscribe: (see) => profiles.document.subscribe(() => see(ids())) },
    // The tunnel's own word, also while the session reconnects: what passes through it passes.
    live: () => {
      const { profile } = session.view.get().state;
      return profile !== null && ports.helper.report.get()?.tunnel?.tunnelId === profile ? profile : null;
    },
  });
}

/** The commands about what was measured in the last day. */
export function historyHandlers(history: History, { clock, documents }: Pick<CorePorts, 'clock' | 'documents'>, current: () => Profile | undefined): Pick<Handlers, `history.${'read' | 'export' | 'clear'}`> {
  return {
    'history.read': async ({ about, fromMs, toMs }) => ({ history: await history.read(about, current()?.id ?? null, fromMs, toMs) }),
    'history.export': async ({ about, fromMs, toMs }) => {
      const profile = current();
      const network = profile?.name ?? '';
      const view = await history.read(about, profile?.id ?? null, fromMs, toMs);
      const labels = about === 'host' ? {} : about === 'network' ? { network } : { network, peer: about.peer };
      const subject = about === 'host' ? 'device' : slugOf(about === 'network' ? network : about.peer);
      return { path: await documents.report(`webmesh-history-${subject}-${clock.nowMs()}.csv`, csvOf(view, labels)) };
    },
    'history.clear': async () => {
      await history.clear(current()?.id ?? null);
      return null;
    },
  };
}
