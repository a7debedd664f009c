import { between, chance, type Random } from '../../../src/base/random.ts';
import { type Message, type NodeId, type Unanswered } from '../../../src/raft/types.ts';
import { type StoredSnapshot } from './disk.ts';
import { type Timeline } from './heap.ts';
import { type Plan } from './plan.ts';

export type Request = Extract<Message, { kind: Unanswered['kind'] }>;
type Answer = Exclude<Message, Request>;

/** A request under way. The transport settles each once: by its answer, or as unanswered; never by both. */
export interface Call {
  readonly request: Request;
  readonly life: number;
  readonly payload: StoredSnapshot | null;
  readonly sentAt: number;
  settled: boolean;
}

/** The end of a wire: what the network needs to know of a member. */
export interface Station {
  readonly id: NodeId;
  readonly up: boolean;
  readonly paused: boolean;
  readonly life: number;
  receive(call: Call): void;
  settle(call: Call, answer: Answer | null): void;
}

export interface Network {
  send(from: Station, request: Request, payload: StoredSnapshot | null): void;
  answer(from: Station, call: Call, answer: Answer): void;
  giveUp(call: Call, delayMs: number): void;
  /** Cuts the way from one to another; the way back stays. */
  cut(from: NodeId, to: NodeId): void;
  /** Everything from one to another takes longer by up to this much: late answers, and answers in another order. */
  clog(from: NodeId, to: NodeId, extraMs: number): void;
  healAll(): void;
  unclogAll(): void;
  /** No faults from now on. */
  calm(): void;
}

/** What a network asks of its seed's plan. */
export type NetworkPlan = Pick<Plan, 'electionTicks' | 'loss' | 'answerLoss' | 'duplication' | 'neverSettled' | 'latencyMinMs' | 'latencyMeanMs'>;

export function createNetwork(timeline: Pick<Timeline, 'now' | 'after'>, plan: NetworkPlan, dice: Random, stations: ReadonlyMap<NodeId, Station>): Network {
  const cuts = new Set<string>();
  const timeoutMs = 2 * plan.electionTicks * 100;
  let calm = false;
  const lost = (probability: number): boolean => !calm && probability > 0 && chance(dice, probability);
  const clogs = new Map<string, number>();
  const latency = (from: NodeId, to: NodeId): number => {
    if (calm) return 1 + dice.next();
    const usual = plan.latencyMinMs - plan.latencyMeanMs * Math.log(1 - dice.next());
    return clogs.size === 0 ? usual : usual + dice.next() * (clogs.get(`${from}>${to}`) ?? 0);
  };
  const isCut = (from: NodeId, to: NodeId): boolean => cuts.size > 0 && cuts.has(`${from}>${to}`);

  const settle = (call: Call, answer: Answer | null): void => {
    if (call.settled) return;
    call.settled = true;
    const station = stations.get(call.request.from);
    if (station?.up && station.life === call.life) station.settle(call, answer);
  };
  const giveUp = (call: Call, delayMs: number): void => {
    if (call.request.kind === 'snapshot' || !lost(plan.neverSettled)) timeline.after(delayMs, () => settle(call, null));
  };
  const untilTimeout = (call: Call): number => Math.max(1, call.sentAt + timeoutMs - timeline.now);
  const arrive = (call: Call): void => {
    const { from, to } = call.request;
    const target = stations.get(to);
    if (isCut(from, to)) return giveUp(call, untilTimeout(call));
    if (!target?.up) return giveUp(call, between(dice, 1, 20));
    if (target.paused) giveUp(call, untilTimeout(call));
    target.receive(call);
  };

  return {
    send: (from, request, payload) => {
      const call: Call = { request, life: from.life, payload, sentAt: timeline.now, settled: false };
      if (lost(plan.loss)) return giveUp(call, timeoutMs);
      timeline.after(latency(from.id, request.to), () => arrive(call));
      if (lost(plan.duplication)) timeline.after(latency(from.id, request.to), () => arrive({ ...call, settled: true }));
    },
    answer: (from, call, answer) => {
      if (call.settled) return;
      if (isCut(from.id, call.request.from) || lost(plan.answerLoss)) return giveUp(call, untilTimeout(call));
      timeline.after(latency(from.id, call.request.from), () => settle(call, timeline.now - call.sentAt > timeoutMs ? null : answer));
    },
    giveUp,
    cut: (from, to) => cuts.add(`${from}>${to}`),
    clog: (from, to, extraMs) => clogs.set(`${from}>${to}`, extraMs),
    healAll: () => cuts.clear(),
    unclogAll: () => clogs.clear(),
    calm: () => {
      calm = true;
      cuts.clear();
      clogs.clear();
    },
  };
}
