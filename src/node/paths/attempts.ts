import { isAbort, withDeadline } from '../../base/abort.ts';
import { AssertionError } from '../../base/assert.ts';
import { type Clock } from '../../base/clock.ts';
import { type PathReasonCode, type PathTier } from '../../base/path-reasons.ts';
import { type PathPeer } from '../../gen/webmesh/local/v1/local.ts';
import { type Proposal } from '../../gen/webmesh/paths/v1/paths_messages.ts';
import { type Carrier, type CarrierAttempt, CarrierError, type CarrierKind, type CarrierPeer } from '../path-ports.ts';
import { codeOf, endpointOf, saidBy, tierNumber } from './facts.ts';
import { type Limiter } from './limiter.ts';
import { type CarrierTier } from './plan.ts';
import { type PathsPorts } from './ports.ts';
import { type Event } from './state.ts';
import { openingMs, times } from './times.ts';
import { isUnroutable } from '../../base/ip.ts';

/** What one peer's attempts need to know at the moment they run. */
export interface AttemptFacts {
  readonly peer: PathPeer;
  readonly wireguardPort: number;
  /** What every proposal of ours says: tiers, NAT, endpoints. */
  readonly proposal: Pick<Proposal, 'tiers' | 'nat' | 'endpoints'>;
  readonly nat: CarrierPeer['nat'];
}

export interface Attempts {
  ask(attempt: string, tier: 'direct' | 'punch' | null): void;
  offer(attempt: string, tier: CarrierTier): void;
  /** An offer that came: `reply` answers it. */
  accept(attempt: string, tier: CarrierTier, offer: Proposal, reply: (answer: Proposal) => void): void;
  close(attempt: string): void;
  hold(attempt: string, held: boolean): void;
  carrier(attempt: string): Carrier | null;
  closeAll(): void;
}

type AttemptPorts = Pick<PathsPorts, 'signal' | 'carriers' | 'hold' | 'random'> & { readonly clock: Clock; readonly limiter: Limiter };

/** The negotiations and carriers of one peer as they run. Each has the name that the machine gave it and ends with one event, unless it was closed. */
export function createAttempts({ signal, carriers, hold, random, clock, limiter }: AttemptPorts, facts: () => AttemptFacts, say: (event: EventOf) => void): Attempts {
  const running = new Map<string, AbortController>();
  const open = new Map<string, Carrier>();

  /** Runs under the attempt's own signal and deadline, when there is room. */
  function run(attempt: string, deadlineMs: number, work: (inner: AbortSignal) => Promise<EventOf>, failedWith: (code: PathReasonCode, problem: string) => EventOf, thrown: (error: unknown) => void = () => {}): void {
    const controller = new AbortController();
    running.set(attempt, controller);
    limiter.run(controller.signal, () => withDeadline(clock, deadlineMs, 'a path attempt', controller.signal, work)).then(
      (event) => over(attempt, controller, event),
      (error: unknown) => {
        if (error instanceof AssertionError) throw error;
        thrown(error);
        over(attempt, controller, isAbort(error) ? null : error instanceof CarrierError ? failedWith(error.code, error.message) : failedWith('no-answer', ''));
      },
    );
  }

  function over(attempt: string, controller: AbortController, event: EventOf | null): void {
    if (running.get(attempt) === controller) running.delete(attempt);
    if (controller.signal.aborted) return close(attempt);
    if (event) say(event);
  }

  function proposal(tier: PathTier | null, session: Buffer, more: Partial<Proposal> = {}): Proposal {
    return {
      session, tier: tierNumber(tier), ...facts().proposal, ice: undefined, turnEndpoint: '', relayNode: '', description: '', candidates: [], refusal: '', ...more,
    };
  }

  function carrierPeer(session: Uint8Array): CarrierPeer {
    const { peer, wireguardPort, nat } = facts();
    return { id: peer.id, publicKey: peer.publicKey, session, wireguardPort, nat, meshIpv4: peer.ipv4, meshIpv6: peer.ipv6 };
  }

  function kindOf(tier: CarrierTier): CarrierKind {
    const kind = carriers.find((one) => one.tier === tier);
    if (!kind) throw new CarrierError('peer-cannot', `no carrier ${tier} here`);
    return kind;
  }

  /** The last step of both sides. */
  async function proceed(name: string, tier: CarrierTier, begun: CarrierAttempt, theirs: Proposal | null, inner: AbortSignal): Promise<EventOf> {
    const got = await begun.proceed(theirs, inner);
    if ('endpoint' in got) {
      const at = endpointOf(got.endpoint);
      if (!at || isUnroutable(at.ip)) throw new CarrierError('carrier-failed', 'the relay named no address that can be reached');
      return { kind: 'opened', attempt: name, tier, endpoint: got.endpoint, via: got.via, remote: got.endpoint, runsHere: false };
    }
    if (inner.aborted) {
      got.close();
      throw inner.reason;
    }
    open.set(name, got);
    void got.ended.then(({ code, problem }) => {
      if (open.get(name) !== got) return;
      open.delete(name);
      say({ kind: 'ended', attempt: name, code, problem });
    });
    return { kind: 'opened', attempt: name, tier, endpoint: got.localEndpoint, via: got.via, remote: got.remote, runsHere: true };
  }

  /** Whatever begins must be cancelled when it leads nowhere. */
  async function begin<T>(tier: CarrierTier, session: Uint8Array, theirs: Proposal | null, inner: AbortSignal, go: (begun: CarrierAttempt) => Promise<T>): Promise<T> {
    const begun = await kindOf(tier).begin(carrierPeer(session), theirs ? 'answering' : 'offering', theirs, inner);
    try {
      if (inner.aborted) throw inner.reason;
      return await go(begun);
    } catch (error) {
      begun.cancel();
      throw error;
    }
  }

  function ask(attempt: string, tier: 'direct' | 'punch' | null): void {
    const failed = (code: PathReasonCode): EventOf => ({ kind: 'unanswered', attempt, code: code === 'peer-cannot' ? code : 'cannot-negotiate' });
    run(attempt, times.ask, async (inner) => {
      const answer = await signal(facts().peer.id, proposal(tier, Buffer.from(random.bytes(16))), inner);
      return { kind: 'answered', attempt, theirs: saidBy(answer), refusal: answer.refusal === '' ? null : codeOf(answer.refusal) };
    }, failed);
  }

  function offer(attempt: string, tier: CarrierTier): void {
    const failed = (code: PathReasonCode, problem: string): EventOf => ({ kind: 'failed', attempt, code, problem, theirs: null });
    const session = Buffer.from(random.bytes(16));
    run(attempt, openingMs[tier], (inner) => begin(tier, session, null, inner, async (begun) => {
      if (begun.mine === null) return proceed(attempt, tier, begun, null, inner);
      const answer = await signal(facts().peer.id, proposal(tier, session, begun.mine), inner);
      if (answer.refusal === '') return proceed(attempt, tier, begun, answer, inner);
      begun.cancel();
      const code = codeOf(answer.refusal);
      return { kind: 'failed', attempt, code: code === 'waiting' ? code : 'refused-there', problem: code, theirs: saidBy(answer) };
    }), failed);
  }

  function accept(attempt: string, tier: CarrierTier, theirs: Proposal, reply: (answer: Proposal) => void): void {
    const session = Buffer.from(theirs.session);
    const failed = (code: PathReasonCode, problem: string): EventOf => ({ kind: 'failed', attempt, code, problem, theirs: null });
    // Whatever happens, whoever offered gets one answer: the first that is given counts.
    run(attempt, openingMs[tier], (inner) => begin(tier, session, theirs, inner, (begun) => {
      reply(proposal(tier, session, begun.mine ?? {}));
      return proceed(attempt, tier, begun, theirs, inner);
    }), failed, (error) => reply(proposal(tier, session, { refusal: error instanceof CarrierError ? error.code : 'waiting' })));
  }

  function close(attempt: string): void {
    running.get(attempt)?.abort();
    running.delete(attempt);
    const carrier = open.get(attempt);
    open.delete(attempt);
    carrier?.close();
  }

  return {
    ask, offer, accept, close,
    hold: (attempt, held) => {
      const carrier = open.get(attempt);
      if (carrier) hold(carrier.localEndpoint, held);
    },
    carrier: (attempt) => open.get(attempt) ?? null,
    closeAll: () => {
      for (const attempt of new Set([...running.keys(), ...open.keys()])) close(attempt);
    },
  };
}

/** An event of the machine before it has its time. */
export type EventOf = { [K in Event['kind']]: Omit<Extract<Event, { kind: K }>, 'atMs'> }[Event['kind']];
