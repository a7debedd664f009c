import { type Cell, cell } from '../base/cell.ts';
import type { Topics } from '../contract/carrier.ts';
import type { Handlers } from '../contract/commands.ts';
import type { InvitationTopic } from '../contract/state.ts';
import { loadFavourites } from './favourites.ts';
import { appHandlers } from './handlers.ts';
import { appHistory, historyHandlers } from './history/handlers.ts';
import { keepForwards } from './paths/forwards.ts';
import { pathHandlers } from './paths/handlers.ts';
import type { CorePorts } from './ports.ts';
import { loadProfiles } from './profiles.ts';
import { createSession } from './session/session.ts';
import { loadSettings } from './settings.ts';
import { createTopics } from './topics.ts';
import { createUpdateKeeper } from './update.ts';
import { trustHandlers } from './trust/handlers.ts';
import { createKeyring } from './trust/keyring.ts';
import { createMembership } from './trust/membership.ts';

/** The app without a shell: what a carrier serves, and how it ends. */
export interface App {
  readonly handlers: Handlers;
  readonly topics: Topics;
  /** Disconnects (unless the settings say to stay connected), keeps the wish for the next start, and ends everything. Safe to call twice. */
  close(): Promise<void>;
}

const endMs = 8_000;

/** Builds the app on its ports, reads what an earlier life stored, and goes on with its wish. */
export async function createApp(ports: CorePorts): Promise<App> {
  const settings = await loadSettings(ports.documents);
  const profiles = await loadProfiles(ports.documents);
  const favourites = await loadFavourites(ports.documents);
  ports.logs.setLevel(settings.cell.get().logLevel);
  const keyring = createKeyring(ports.secrets);
  const membership = createMembership({ ...ports, log: ports.log.scope('trust'), keyring, profiles });
  const session = createSession(ports, profiles, membership);
  const invitation: Cell<InvitationTopic> = cell<InvitationTopic>({ offer: null });
  const connected = (): string | null => {
    const { phase, profile } = session.view.get().state;
    return phase.name === 'connected' ? profile : null;
  };
  const forwards = keepForwards({ ...ports, log: ports.log.scope('forwards'), paths: session.paths, connected });
  const update = createUpdateKeeper({ ports, settings });
  const shown = createTopics({ ports, settings, profiles, favourites, session, keyring, invitation, forwards, update: update.topic });
  const history = appHistory(ports, profiles, session, shown);

  let ended: Promise<void> | null = null;
  const close = (): Promise<void> => {
    ended ??= (async () => {
      // Before the tunnel goes: what passed until now is counted.
      await history.close();
      await session.end(endMs, settings.cell.get().stayConnected);
      shown.close();
      forwards.end();
      update.close();
      ports.helper.close();
    })();
    return ended;
  };
  const handlers: Handlers = {
    ...appHandlers({ ports, settings, profiles, favourites, session, membership, shown, close }),
    ...historyHandlers(history, ports, shown.current),
    ...pathHandlers({ ports, profiles, session, topics: shown.topics, forwards }),
    ...trustHandlers({ ports, keyring, profiles, session, current: shown.current, invitation }),
    ...update.handlers,
  };

  const wish = await session.stored.loadWish();
  const known = profiles.document.get().list.find(({ id }) => id === (wish.profile ?? profiles.document.get().selected));
  if (known && (wish.want === 'connected' || settings.cell.get().connectAtStart)) await session.connect(known.id);
  else if (known) await session.show(known.id);
  return { handlers, topics: shown.topics, close };
}
