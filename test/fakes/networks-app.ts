import type { Cancel, Clock } from '../../src/base/clock.ts';
import { failure } from '../../src/base/failure.ts';
import type { Handlers } from '../../src/contract/commands.ts';
import { networkTopics, type NetworkTopics, type ProfileView, type Standing } from '../../src/contract/state.ts';
import { freeColour, freeSuffix } from '../../src/core/network-marks.ts';
import { standingOf } from '../../src/core/profiles.ts';
import type { FakeApp } from './app.ts';
import { sceneOf } from './world.ts';

/** The part of a made-up core that knows several networks: those that are not shown wait aside with their topics. */
export interface FakeNetworks {
  readonly handlers: Pick<Handlers, 'profile.select' | 'profile.mark' | 'network.view'>;
  select(profile: string): void;
  /** True of a network that is not the selected one. */
  isOther(profile: string | undefined): profile is string;
  connectOther(profile: string): null;
  disconnectOther(profile: string): null;
  disconnectOthers(): void;
  /** Of the next new network. */
  marks(): Pick<ProfileView, 'colour' | 'suffix' | 'names' | 'autoConnect' | 'session'>;
  reset(): void;
  close(): void;
}

export function fakeNetworks(topics: FakeApp['topics'], clock: Clock, stepMs: number): FakeNetworks {
  const parked = new Map<string, NetworkTopics>();
  const pending = new Map<string, Cancel>();

  const profile = (id: string): ProfileView => {
    const found = topics.profiles.get().list.find((known) => known.id === id);
    if (!found) throw failure('input.unknown-profile', { profile: id });
    return found;
  };
  const edit = (id: string, change: Partial<ProfileView>): void => {
    const { list, selected } = topics.profiles.get();
    topics.profiles.set({ selected, list: list.map((known) => (known.id === id ? { ...known, ...change } : known)) });
  };
  const stand = (id: string, session: Partial<Standing>): void => edit(id, { session: { ...standingOf(undefined), ...session } });
  const stopFollowing = topics.session.subscribe((session) => {
    if (session.profile !== null && session.profile === topics.profiles.get().selected) edit(session.profile, { session: standingOf(session) });
  });

  /** What a window sees of a network that was not shown in this life. */
  const stateOf = ({ id, name, offers, session }: ProfileView): NetworkTopics => {
    const scene = sceneOf(session.phase === 'connected' ? 'connected' : 'disconnected', clock.nowMs());
    const phase = session.phase === 'reconnecting' && session.why ? { phase: session.phase, cause: session.why, attempt: 2, retryAtMs: clock.nowMs() + 6_000 } as const : null;
    const tunnel = scene.session.phase === 'connected' ? { ...scene.session, tunnel: { ...scene.session.tunnel, interfaceName: session.interfaceName ?? `wm${id}` } } : scene.session;
    return {
      session: { ...(phase ? { want: 'connected', epoch: 5, ...phase } : tunnel), profile: id },
      peers: scene.peers, trust: scene.trust, node: { ...scene.node, networkName: name }, paths: { ...scene.paths, forwards: [], offers },
    };
  };
  const shown = (): NetworkTopics => ({ session: topics.session.get(), peers: topics.peers.get(), node: topics.node.get(), trust: topics.trust.get(), paths: topics.paths.get() });
  const select = (id: string): void => {
    const next = profile(id);
    const { selected, list } = topics.profiles.get();
    if (selected === id) return;
    if (selected !== null && list.some((known) => known.id === selected)) parked.set(selected, shown());
    topics.profiles.set({ list, selected: id });
    const state = parked.get(id) ?? stateOf(next);
    parked.delete(id);
    for (const name of networkTopics) (topics[name] as { set(value: unknown): void }).set(state[name]);
  };
  const later = (id: string, run: () => void): void => {
    pending.get(id)?.();
    pending.set(id, clock.after(stepMs, run));
  };
  const disconnectOther = (id: string): null => {
    profile(id);
    parked.delete(id);
    stand(id, { want: 'disconnected', phase: 'disconnecting' });
    later(id, () => stand(id, { want: 'disconnected', phase: 'disconnected' }));
    return null;
  };

  return {
    handlers: {
      'profile.select': async ({ profile: id }) => (select(id), null),
      'network.view': async ({ profile: id }) => {
        const { selected } = topics.profiles.get();
        if (id === undefined && selected === null) throw failure('input.unknown-profile', { profile: '' });
        return { view: id === undefined || id === selected ? shown() : (parked.get(id) ?? stateOf(profile(id))) };
      },
      'profile.mark': async ({ profile: id, colour, suffix, names, autoConnect }) => {
        const { list } = topics.profiles.get();
        profile(id);
        const taken = list.find((known) => known.id !== id && known.suffix === suffix);
        if (taken) throw failure('input.invalid', { field: 'suffix', problem: `the network ${taken.name} has it already`, given: suffix ?? '' });
        edit(id, { ...(colour === undefined ? {} : { colour }), ...(suffix === undefined ? {} : { suffix }), ...(names === undefined ? {} : { names }), ...(autoConnect === undefined ? {} : { autoConnect }) });
        return null;
      },
    },
    select,
    isOther: (id): id is string => id !== undefined && id !== topics.profiles.get().selected,
    connectOther: (id) => {
      profile(id);
      stand(id, { want: 'connected', phase: 'joining', sinceMs: clock.nowMs() });
      later(id, () => stand(id, { want: 'connected', phase: 'connected', sinceMs: clock.nowMs(), interfaceName: `wm${id}` }));
      return null;
    },
    disconnectOther,
    disconnectOthers: () => {
      const { list, selected } = topics.profiles.get();
      for (const { id, session } of list) if (id !== selected && session.want === 'connected') disconnectOther(id);
    },
    marks: () => {
      const { list } = topics.profiles.get();
      return { colour: freeColour(list.map(({ colour }) => colour)), suffix: freeSuffix('net', list.map(({ suffix }) => suffix)), names: true, autoConnect: false, session: standingOf(undefined) };
    },
    reset: () => {
      for (const cancel of pending.values()) cancel();
      pending.clear();
      parked.clear();
    },
    close: () => {
      for (const cancel of pending.values()) cancel();
      stopFollowing();
    },
  };
}
