import type { Clock } from '../../base/clock.ts';
import { asFailure } from '../../base/failure.ts';
import type { Client } from '../../contract/client.ts';
import type { AppState as Topics } from '../../contract/state.ts';
import { sentence, type Words } from '../words/say.ts';
import type { AppClient, ClientEvents, Link } from './app-client.ts';
import { grow, type Sample } from './history.ts';
import { growLatencies, type LatencyHistory } from './latency-history.ts';

/** A short message in the corner, read aloud; it goes by itself. */
export interface Notice {
  readonly kind: 'done' | 'trouble';
  readonly words: Words;
}

const noticeMs = 6000;

/**
 * What the screens read. Topics are replaced whole and shown as they are, never predicted; the last ones stay, greyed, while the link is lost.
 * `nowMs` moves once a second, so that ages stay true.
 */
export interface AppState {
  readonly link: Link;
  readonly topics: { readonly [K in keyof Topics]: Topics[K] | null };
  readonly nowMs: number;
  readonly history: readonly Sample[];
  /** Round trips of peers since the page was opened. */
  readonly latencies: LatencyHistory;
  /** From now on this peer's round trips are kept, however many peers there are. */
  follow: (peer: string | null) => void;
  readonly notice: Notice | null;
  readonly call: Client['call'];
  /** Calls a command and gives its answer; a failure becomes a notice and undefined. */
  attempt: <T>(asked: Promise<T>) => Promise<T | undefined>;
  say: (notice: Notice | null) => void;
  readonly clock: Clock;
}

export function createAppState(clock: Clock, open: (events: ClientEvents) => AppClient): AppState {
  let link = $state<Link>('connecting');
  let nowMs = $state(clock.nowMs());
  let history = $state.raw<readonly Sample[]>([]);
  let latencies = $state.raw<LatencyHistory>(new Map());
  let followed: string | null = null;
  let notice = $state.raw<Notice | null>(null);
  const topics = createTopics();

  const client = open({
    link: (next) => (link = next),
    topic: (name, value) => {
      topics.set(name, value);
      if (name === 'peers') latencies = growLatencies(latencies, (value as Topics['peers']).list, followed, clock.nowMs());
      if (name === 'metrics') history = grow(history, value as Topics['metrics']);
    },
  });
  const second = (): void => {
    nowMs = clock.nowMs();
    clock.after(1000, second);
  };
  second();
  const say = (next: Notice | null): void => {
    notice = next;
    if (next !== null) clock.after(noticeMs, () => notice === next && (notice = null));
  };

  return {
    get link() { return link; },
    get nowMs() { return nowMs; },
    get history() { return history; },
    get latencies() { return latencies; },
    follow: (peer) => (followed = peer),
    get notice() { return notice; },
    topics: topics.view,
    clock,
    call: client.call,
    say,
    attempt: async (asked) => {
      try {
        return await asked;
      } catch (error) {
        say({ kind: 'trouble', words: sentence(asFailure(error)) });
        return undefined;
      }
    },
  };
}

/** One raw cell a topic: a topic that comes ten times a second redraws only what reads it. */
function createTopics() {
  let session = $state.raw<Topics['session'] | null>(null);
  let peers = $state.raw<Topics['peers'] | null>(null);
  let profiles = $state.raw<Topics['profiles'] | null>(null);
  let settings = $state.raw<Topics['settings'] | null>(null);
  let node = $state.raw<Topics['node'] | null>(null);
  let metrics = $state.raw<Topics['metrics'] | null>(null);
  let health = $state.raw<Topics['health'] | null>(null);
  let trust = $state.raw<Topics['trust'] | null>(null);
  let invitation = $state.raw<Topics['invitation'] | null>(null);
  let paths = $state.raw<Topics['paths'] | null>(null);
  let update = $state.raw<Topics['update'] | null>(null);
  const setters: { readonly [K in keyof Topics]: (value: Topics[K]) => void } = {
    session: (value) => (session = value),
    peers: (value) => (peers = value),
    profiles: (value) => (profiles = value),
    settings: (value) => (settings = value),
    node: (value) => (node = value),
    metrics: (value) => (metrics = value),
    health: (value) => (health = value),
    trust: (value) => (trust = value),
    invitation: (value) => (invitation = value),
    paths: (value) => (paths = value),
    update: (value) => (update = value),
  };
  return {
    set: <K extends keyof Topics>(name: K, value: Topics[K]): void => setters[name](value),
    view: {
      get session() { return session; },
      get peers() { return peers; },
      get profiles() { return profiles; },
      get settings() { return settings; },
      get node() { return node; },
      get metrics() { return metrics; },
      get health() { return health; },
      get trust() { return trust; },
      get invitation() { return invitation; },
      get paths() { return paths; },
      get update() { return update; },
    },
  };
}
