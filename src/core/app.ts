import { type Cell, cell } from '../base/cell.ts';
import { failure } from '../base/failure.ts';
import type { Topics } from '../contract/carrier.ts';
import type { Handlers } from '../contract/commands.ts';
import type { InvitationTopic } from '../contract/state.ts';
import { loadFavourites } from './favourites.ts';
import { appHandlers } from './handlers.ts';
import { appHistory, historyHandlers } from './history/handlers.ts';
import type { Network } from './networks/network.ts';
import { createNetworks } from './networks/networks.ts';
import { pathHandlers } from './paths/handlers.ts';
import type { CorePorts } from './ports.ts';
import { loadProfiles, type Profiles } from './profiles.ts';
import { createStored, type KeptWish } from './session/stored.ts';
import { loadSettings, type SettingsStore } from './settings.ts';
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
  const stored = createStored(ports);
  ports.logs.setLevel(settings.cell.get().logLevel);
  const keyring = createKeyring(ports.secrets);
  const membership = createMembership({ ...ports, log: ports.log.scope('trust'), keyring, profiles });
  const networks = createNetworks({ ports, profiles, membership, favourites, stored });
  const invitation: Cell<InvitationTopic> = cell<InvitationTopic>({ offer: null });
  const update = createUpdateKeeper({ ports, settings });
  const shown = createTopics({ ports, settings, profiles, networks, keyring, invitation, update: update.topic });
  const history = appHistory(ports, profiles, networks, shown.topics);
  const meant = (profile: string | undefined): Network => {
    if (profile !== undefined) return networks.of(profile);
    const network = networks.shown.get();
    if (network.id === null) throw failure('input.unknown-profile', { profile: '' });
    return network;
  };

  let ended: Promise<void> | null = null;
  const close = (): Promise<void> => {
    ended ??= (async () => {
      // Before the tunnels go: what passed until now is counted.
      await history.close();
      await networks.end(endMs, settings.cell.get().stayConnected);
      shown.close();
      update.close();
      ports.helper.close();
    })();
    return ended;
  };
  const handlers: Handlers = {
    ...appHandlers({ ports, settings, profiles, favourites, networks, meant, membership, stored, shown, close }),
    ...historyHandlers(history, ports, (profile) => (profile === undefined ? networks.shown.get().profile() : profiles.get(profile))),
    ...pathHandlers({ ports, profiles, networks, meant }),
    ...trustHandlers({ ports, keyring, profiles, networks, meant, invitation }),
    ...update.handlers,
  };

  if (settings.connectAtStart) await connectEachAtStart(profiles, settings, await stored.loadWish());
  await networks.begin();
  return { handlers, topics: shown.topics, close };
}

/** Older versions had one switch for all networks, and connected those of the last time. Now each network has its own. */
async function connectEachAtStart(profiles: Profiles, settings: SettingsStore, { last }: KeptWish): Promise<void> {
  const { list, selected } = profiles.document.get();
  const meant = last.length > 0 ? last : [selected];
  for (const { id } of list) if (meant.includes(id)) await profiles.update(id, { autoConnect: true });
  await settings.update({});
}
