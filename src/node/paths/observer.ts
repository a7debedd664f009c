import { isAbort, withDeadline } from '../../base/abort.ts';
import { type Cancel, type Clock } from '../../base/clock.ts';
import { type Log } from '../../base/log.ts';
import { type Prefix, splitHostPort } from '../../base/ip.ts';
import { type PathPeer } from '../../gen/webmesh/local/v1/local.ts';
import { type NatReport, } from '../../gen/webmesh/paths/v1/paths_messages.ts';
import { type StunAnswer } from '../path-ports.ts';
import { endpointOf, isLoopback } from './facts.ts';
import { natReport, sameNat } from './nat.ts';
import { type MeasuredServer, type PathsPorts } from './ports.ts';

/** Keeps asking nodes that serve, and their STUN servers, what they see of this machine. */
export interface Observer {
  readonly nat: () => NatReport;
  inputs(inputs: ObserverInputs): void;
  /** What others saw may be old: look again soon. After a move nothing that was seen counts any more. */
  hurry(moved: boolean): void;
  close(): void;
}

export interface ObserverInputs {
  readonly online: boolean;
  readonly subnets: readonly Prefix[];
  readonly meshNetworks: readonly Prefix[];
  readonly serving: readonly PathPeer[];
  readonly listenPort: number;
  readonly moves: number;
}

type ObserverPorts = Pick<PathsPorts, 'observe' | 'stun' | 'mapper' | 'servers'> & { readonly clock: Clock; readonly log: Log };

const everyMs = 25_000;
const deadlineMs = 3_000;
/** UDP gets three times what the same node took over TCP, so that a network that drops UDP is known for one before it is waited for. */
const stunTimeout = { leastMs: 350, mostMs: 1_000, factor: 3 } as const;
/** After a move or a start: the tunnel shakes hands first, and what it reports is a second old. */
const earlyMs = [600, 1_000, 1_500, 3_000, 6_000] as const;
const atOnceMax = 4;
const forgottenMs = 90_000;
const stunEveryMs = 60_000;
const stunApartMs = 5_000;

export function createObserver({ clock, log, observe, stun, mapper, servers }: ObserverPorts, changed: (nat: NatReport) => void): Observer {
  let inputs: ObserverInputs = { online: false, subnets: [], meshNetworks: [], serving: [], listenPort: 0, moves: 0 };
  const observed = new Map<string, { readonly endpoint: string; readonly atMs: number }>();
  const known = new Map<string, MeasuredServer>();
  let stun4: readonly StunAnswer[] | null = null;
  let stun6: readonly StunAnswer[] | null = null;
  let stunAtMs = Number.NEGATIVE_INFINITY;
  let stunServers = '';
  let nat = report();
  let timer: Cancel = () => {};
  let running: AbortController | null = null;
  let early = 0;
  let turn = 0;
  let closed = false;
  const stopMapper = mapper?.mapped.subscribe(() => publish());

  function report(): NatReport {
    const fresh = [...observed.values()].filter(({ atMs }) => clock.monotonicMs() - atMs < forgottenMs).toSorted((a, b) => b.atMs - a.atMs);
    return natReport({ ...inputs, stun4, stun6, observed: fresh.map(({ endpoint }) => endpoint), mapped: mapper?.mapped.get() ?? null });
  }

  function publish(): void {
    const next = report();
    if (closed || sameNat(nat, next)) return;
    nat = next;
    changed(nat);
  }

  function schedule(delayMs: number): void {
    timer();
    if (!closed && inputs.online) timer = clock.after(delayMs, () => void round());
  }

  async function round(): Promise<void> {
    if (running || closed) return;
    const controller = new AbortController();
    running = controller;
    try {
      const heard = await Promise.all(nextNodes().map((node) => ask(node, controller.signal)));
      const tookMs = heard.filter((ms) => ms !== null);
      if (tookMs.length > 0) await askStun(Math.max(...tookMs), controller.signal);
    } catch (error) {
      if (!isAbort(error)) log.debug('observe', { problem: String(error) });
    }
    if (running !== controller) return;
    running = null;
    publish();
    // The first answers are early: until somebody saw the tunnel, the next look comes soon.
    const soon = observed.size === 0 || early === 0 ? earlyMs[early++] : undefined;
    schedule(soon ?? everyMs);
  }

  function nextNodes(): readonly PathPeer[] {
    const { serving } = inputs;
    const from = serving.length > atOnceMax ? (turn += atOnceMax) % serving.length : 0;
    return [...serving.slice(from), ...serving.slice(0, from)].slice(0, atOnceMax);
  }

  /** How long it took to answer; null when it did not. */
  async function ask({ id }: PathPeer, signal: AbortSignal): Promise<number | null> {
    const askedMs = clock.monotonicMs();
    try {
      const answer = await withDeadline(clock, deadlineMs, 'observe', signal, (inner) => observe(id, inner));
      if (signal.aborted) return null;
      const endpoint = answer.tunnelEndpoint;
      // Who is relayed by that very node comes to its tunnel from its own relay: that is no sight of ours.
      const relayed = (answer.server?.stun ?? []).some((url) => stunAddress(url).some((own) => splitHostPort(own)?.host === splitHostPort(endpoint)?.host));
      if (relayed) observed.delete(id);
      else if (endpointOf(endpoint) && !isLoopback(endpoint)) observed.set(id, { endpoint, atMs: clock.monotonicMs() });
      if (moved(endpoint)) stunServers = '';
      if (answer.server) known.set(id, { server: answer.server, roundTripMs: known.get(id)?.roundTripMs ?? null });
      else known.delete(id);
      tellServers();
      publish();
      return clock.monotonicMs() - askedMs;
    } catch (error) {
      if (signal.aborted) throw error;
      return null;
    }
  }

  /** The tunnel is seen at another address than STUN told: the router was given a new one. */
  function moved(endpoint: string): boolean {
    const mapped = (stun4 ?? []).flatMap((one) => one.mapped ?? []);
    const host = splitHostPort(endpoint)?.host;
    return endpointOf(endpoint)?.ip.family === 4 && mapped.length > 0 && !mapped.some((at) => splitHostPort(at)?.host === host);
  }

  async function askStun(tookMs: number, signal: AbortSignal): Promise<void> {
    const targets = [...known.values()].flatMap(({ server }) => server.stun.filter((url) => stunAddress(url).length > 0).slice(0, 4)).slice(0, 8);
    const key = targets.join(' ');
    const ageMs = clock.monotonicMs() - stunAtMs;
    // Silence may have been theirs: it is believed for one round only.
    const heard = [...(stun4 ?? []), ...(stun6 ?? [])].some((one) => one.mapped !== null);
    if (targets.length === 0 || (heard && key === stunServers && ageMs < stunEveryMs) || ageMs < stunApartMs) return;
    [stunAtMs, stunServers] = [clock.monotonicMs(), key];
    const timeoutMs = Math.min(stunTimeout.mostMs, Math.max(stunTimeout.leastMs, stunTimeout.factor * tookMs));
    const byFamily = (family: 4 | 6): string[] => targets.filter((target) => stunAddress(target).some((address) => endpointOf(address)?.ip.family === family));
    const has = (family: 4 | 6): boolean => inputs.subnets.some(({ ip }) => ip.family === family);
    const of = (family: 4 | 6): Promise<readonly StunAnswer[] | null> =>
      byFamily(family).length > 0 && has(family) ? stun.ask(byFamily(family), { family, timeoutMs }, signal) : Promise.resolve(null);
    const answers = await Promise.all([of(4), of(6)]);
    if (signal.aborted) return;
    [stun4, stun6] = answers;
    measure([...(stun4 ?? []), ...(stun6 ?? [])]);
  }

  function measure(answers: readonly StunAnswer[]): void {
    for (const [id, { server }] of known) {
      const own = new Set(server.stun);
      const times = answers.filter((one) => own.has(one.server) && one.roundTripMs !== null).map((one) => one.roundTripMs ?? 0);
      known.set(id, { server, roundTripMs: times.length > 0 ? Math.min(...times) : null });
    }
    tellServers();
  }

  function tellServers(): void {
    const serving = new Set(inputs.serving.map(({ id }) => id));
    for (const id of known.keys()) if (!serving.has(id)) known.delete(id);
    const far = Number.POSITIVE_INFINITY;
    const list = [...known.values()].toSorted((a, b) => (a.roundTripMs ?? far) - (b.roundTripMs ?? far) || (a.server.nodeId < b.server.nodeId ? -1 : 1));
    if (JSON.stringify(list, plain) !== JSON.stringify(servers.get(), plain)) {
      servers.set(list);
      changed(nat);
    }
  }

  function hurry(moved: boolean): void {
    if (moved) {
      observed.clear();
      [stun4, stun6, stunAtMs, stunServers, early] = [null, null, Number.NEGATIVE_INFINITY, '', 0];
      running?.abort();
      running = null;
      publish();
    } else {
      stunServers = '';
    }
    schedule(moved ? 100 : 300);
  }

  return {
    nat: () => nat,
    inputs: (next) => {
      const before = inputs;
      inputs = next;
      if (next.listenPort !== 0 && (next.listenPort !== before.listenPort || next.moves !== before.moves)) mapper?.want(next.listenPort, next.moves);
      const served = next.serving.map(({ id }) => id).join(' ') !== before.serving.map(({ id }) => id).join(' ');
      if (!next.online) {
        timer();
        running?.abort();
        running = null;
      } else if (!before.online || next.moves !== before.moves) hurry(true);
      else if (served) hurry(false);
      if (served) tellServers();
      publish();
    },
    hurry,
    close: () => {
      closed = true;
      timer();
      stopMapper?.();
      running?.abort();
    },
  };
}

/** `stun:host:port` as an endpoint; only addresses: names would be asked of a resolver that may live in this mesh. */
function stunAddress(url: string): string[] {
  const address = url.replace(/^stun:/, '');
  return splitHostPort(address) && endpointOf(address) ? [address] : [];
}

function plain(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value;
}
