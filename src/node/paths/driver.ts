import { type Cancel, type Clock } from '../../base/clock.ts';
import { type Log } from '../../base/log.ts';
import { type PathReasonCode, type PathTier } from '../../base/path-reasons.ts';
import { unreachable } from '../../base/assert.ts';
import { type PathPeer } from '../../gen/webmesh/local/v1/local.ts';
import { type Proposal } from '../../gen/webmesh/paths/v1/paths_messages.ts';
import { type Attempts, createAttempts, type EventOf } from './attempts.ts';
import { noNat, type Ours, theirsOf, tierName, tierNumber } from './facts.ts';
import { createLimiter } from './limiter.ts';
import { type PathCounters, type PathsPorts } from './ports.ts';
import { type Effect, type State, type StepFunction } from './state.ts';
import { dueMs, initialState } from './step.ts';

/** Runs the machines of all peers: one mailbox, one state each, one timer each. */
export interface Driver {
  readonly known: (id: string) => boolean;
  state(id: string): State | null;
  states(): Iterable<readonly [PathPeer, State]>;
  send(id: string, event: EventOf): void;
  /** Adds, changes and removes peers. */
  roster(peers: readonly PathPeer[]): void;
  ours(ours: Ours): void;
  answer(offer: Proposal, from: string): Promise<Proposal>;
  counters(): readonly PathCounters[];
  close(): void;
}

export interface DriverPorts extends Pick<PathsPorts, 'signal' | 'carriers' | 'hold' | 'random' | 'echo'> {
  readonly clock: Clock;
  readonly log: Log;
  readonly step: StepFunction;
  readonly me: string;
  readonly wireguardPort: () => number;
  readonly observe: () => void;
  /** Told after each turn that changed something: `urgent` when a tunnel is to send elsewhere. */
  readonly changed: (id: string, urgent: boolean) => void;
}

interface Machine {
  peer: PathPeer;
  state: State;
  readonly attempts: Attempts;
  timer: Cancel;
  timerAtMs: number;
  /** Offers that wait for the machine's word. */
  readonly offers: Map<string, { readonly offer: Proposal; readonly reply: (answer: Proposal) => void }>;
  /** Answers given lately, by session: who asks again gets the same. */
  readonly answers: Map<string, Promise<Proposal>>;
  readonly offerTimes: number[];
  echoes: number;
  readonly life: AbortController;
}

const attemptsMax = 16;
const waitingMax = 1_024;
const echoesMax = 8;
const echoBytes = 32;
const answersMax = 8;
const offersMax = 24;
const offersInMs = 10_000;

export function createDriver(ports: DriverPorts): Driver {
  const { clock, log, step, me, echo, changed } = ports;
  const machines = new Map<string, Machine>();
  const limiter = createLimiter(attemptsMax, waitingMax);
  const mailbox: { readonly machine: Machine; readonly event: EventOf }[] = [];
  let present: Ours = { online: false, moves: 0, nat: noNat, tiers: [], subnets: [], meshNetworks: [], relays: [], endpoints: [] };
  let busy = false;
  let incoming = 0;

  function post(machine: Machine, event: EventOf): void {
    if (machine.life.signal.aborted) return;
    mailbox.push({ machine, event });
    if (busy) return;
    busy = true;
    try {
      for (let next = mailbox.shift(); next; next = mailbox.shift()) turn(next.machine, next.event);
    } finally {
      busy = false;
    }
  }

  function turn(machine: Machine, event: EventOf): void {
    if (machine.life.signal.aborted) return;
    const before = machine.state;
    const { next, effects } = step(before, { ...event, atMs: clock.monotonicMs() });
    machine.state = next;
    if (next.phase !== before.phase || next.path?.tier !== before.path?.tier) log.debug('path', { peer: machine.peer.id, phase: next.phase, tier: next.path?.tier ?? '', event: event.kind });
    for (const effect of effects) run(machine, effect);
    wake(machine);
    if (effects.some(({ kind }) => kind === 'use' || kind === 'tell') || next.phase !== before.phase) changed(machine.peer.id, effects.some(({ kind }) => kind === 'use'));
  }

  function wake(machine: Machine): void {
    const atMs = dueMs(machine.state);
    if (atMs === machine.timerAtMs) return;
    machine.timer();
    machine.timerAtMs = atMs;
    if (atMs === Number.POSITIVE_INFINITY) return;
    machine.timer = clock.after(Math.max(0, atMs - clock.monotonicMs()), () => {
      machine.timerAtMs = Number.NaN;
      post(machine, { kind: 'tick' });
    });
  }

  function run(machine: Machine, effect: Effect): void {
    const { attempts } = machine;
    switch (effect.kind) {
      case 'use': case 'tell': return;
      case 'ask': return attempts.ask(effect.attempt, effect.tier);
      case 'reply': return reply(machine, effect.attempt, effect.refusal);
      case 'open': return effect.role === 'offering' ? attempts.offer(effect.attempt, effect.tier) : accept(machine, effect.attempt, effect.tier);
      case 'close': return attempts.close(effect.attempt);
      case 'hold': return attempts.hold(effect.attempt, effect.held);
      case 'echo': return ping(machine, effect.timeoutMs);
      case 'observe': return ports.observe();
      default: return unreachable(effect);
    }
  }

  function ping(machine: Machine, timeoutMs: number): void {
    const { peer, life } = machine;
    const address = peer.ipv4 || peer.ipv6;
    if (machine.echoes >= echoesMax || address === '') return;
    machine.echoes++;
    const sentMs = clock.monotonicMs();
    const done = (tookMs: number | null): void => {
      machine.echoes--;
      post(machine, { kind: 'echo', sentMs, tookMs });
    };
    echo.ping(address, peer.grpcPort, { bytes: echoBytes, timeoutMs }, life.signal).then(done, () => done(null));
  }

  // Offers from peers

  async function answer(offer: Proposal, from: string): Promise<Proposal> {
    const machine = machines.get(from);
    if (offer.session.length !== 16) return refusal(offer, 'cannot-negotiate');
    // Whoever belongs to the mesh will be told to us in a moment.
    if (!machine) return refusal(offer, 'waiting');
    const session = offer.session.toString('hex');
    const given = machine.answers.get(session);
    if (given) return given;
    if (tooMany(machine.offerTimes, clock.monotonicMs())) return refusal(offer, 'waiting');
    const attempt = `i${++incoming}`;
    const promise = new Promise<Proposal>((resolve) => {
      machine.offers.set(attempt, { offer, reply: (proposal) => {
        machine.offers.delete(attempt);
        resolve(proposal);
      } });
    });
    machine.answers.set(session, promise);
    for (const old of [...machine.answers.keys()].slice(0, -answersMax)) machine.answers.delete(old);
    post(machine, { kind: 'offered', attempt, tier: tierName(offer.tier), theirs: theirsOf(offer) });
    return promise;
  }

  function refusal(offer: Proposal, code: PathReasonCode): Proposal {
    return { ...ownProposal(), session: offer.session, tier: offer.tier, refusal: code };
  }

  function ownProposal(): Proposal {
    return {
      session: Buffer.alloc(0), tier: 0, tiers: present.tiers.map(tierNumber), nat: present.nat, endpoints: present.endpoints,
      ice: undefined, turnEndpoint: '', relayNode: '', description: '', candidates: [], refusal: '',
    };
  }

  function reply(machine: Machine, attempt: string, code: PathReasonCode | null): void {
    const waiting = machine.offers.get(attempt);
    if (waiting) waiting.reply({ ...refusal(waiting.offer, 'waiting'), refusal: code ?? '' });
  }

  function accept(machine: Machine, attempt: string, tier: Exclude<PathTier, 'direct' | 'punch'>): void {
    const waiting = machine.offers.get(attempt);
    if (waiting) machine.attempts.accept(attempt, tier, waiting.offer, waiting.reply);
  }

  // Peers that come and go

  function add(peer: PathPeer): Machine {
    const machine: Machine = {
      peer, state: initialState(me, peer.id, present, peer.endpoints), timer: () => {}, timerAtMs: Number.NaN,
      offers: new Map(), answers: new Map(), offerTimes: [], echoes: 0, life: new AbortController(),
      attempts: createAttempts({ ...ports, limiter }, () => ({
        peer: machine.peer, wireguardPort: ports.wireguardPort(), nat: machine.state.theirs?.nat ?? null,
        proposal: { tiers: present.tiers.map(tierNumber), nat: present.nat, endpoints: present.endpoints },
      }), (event) => post(machine, event)),
    };
    machines.set(peer.id, machine);
    return machine;
  }

  function remove(machine: Machine): void {
    machines.delete(machine.peer.id);
    machine.life.abort();
    machine.timer();
    machine.attempts.closeAll();
    for (const [attempt] of machine.offers) reply(machine, attempt, 'cannot-negotiate');
  }

  return {
    known: (id) => machines.has(id),
    state: (id) => machines.get(id)?.state ?? null,
    states: function* () {
      for (const { peer, state } of machines.values()) yield [peer, state] as const;
    },
    send: (id, event) => {
      const machine = machines.get(id);
      if (machine) post(machine, event);
    },
    roster: (peers) => {
      const wanted = new Map(peers.map((peer) => [peer.id, peer]));
      const again = new Set<string>();
      for (const machine of [...machines.values()]) {
        const peer = wanted.get(machine.peer.id);
        // Another key is another machine behind the same name.
        if (peer && peer.publicKey === machine.peer.publicKey) continue;
        remove(machine);
        if (machine.state.wanted) again.add(machine.peer.id);
      }
      for (const peer of wanted.values()) {
        const machine = machines.get(peer.id) ?? add(peer);
        if (again.has(peer.id)) post(machine, { kind: 'wanted', wanted: true });
        machine.peer = peer;
        if (!sameList(machine.state.advertised, peer.endpoints)) post(machine, { kind: 'roster', advertised: peer.endpoints });
      }
    },
    ours: (ours) => {
      present = ours;
      for (const machine of [...machines.values()]) post(machine, { kind: 'ours', ours });
    },
    answer,
    counters: () => [...machines.values()].map(({ peer, state, attempts }) => {
      const carrier = state.path?.carrier ? attempts.carrier(state.path.carrier)?.counters() : undefined;
      return {
        id: peer.id, publicKey: peer.publicKey, tier: state.path?.tier ?? null, up: state.phase === 'up', ...state.counts, latencyMs: state.health.latencyMs,
        carrier: carrier ?? null,
      };
    }),
    close: () => {
      for (const machine of [...machines.values()]) remove(machine);
    },
  };
}

function tooMany(timesMs: number[], nowMs: number): boolean {
  while (timesMs[0] !== undefined && timesMs[0] < nowMs - offersInMs) timesMs.shift();
  if (timesMs.length >= offersMax) return true;
  timesMs.push(nowMs);
  return false;
}

function sameList(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((one, i) => one === b[i]);
}
