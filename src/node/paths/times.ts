import { type PathTier } from '../../base/path-reasons.ts';
import { type CarrierTier } from './plan.ts';

/** Every wait of the machine, in milliseconds. WireGuard's own times (5 s, 15 s, 180 s) are those of its paper, section 6.1. */
export const times = {
  slotsMax: 6,
  /** One search ends by itself, so that what failed early gets another turn. */
  round: 12_000,
  /** When carriers are looked for beside the ports; at once where theory leaves nothing else. */
  carriersAfter: 1_200,
  carriersAfterLoss: 600,
  carriersWhereHard: 300,
  /** The higher id leaves the first word to the lower one. */
  otherWaits: 700,
  otherOpensLater: 1_000,
  /** Offers that cross on their way. */
  glare: 700,
  /** A session that stands is asked before it is replaced. */
  check: 700,
  /** Who answered a carrier's offer waits so long for the handshake of who offered. */
  otherShakes: 500,
  arrival: 1_500,
  confirmAgain: 2,
  trial: 1_200,
  pushAgain: 500,
  /** Until an order is surely applied, so that an echo sent later went the new way. */
  applied: 400,
  settled: 1_500,
  ask: 3_000,
  askAgain: 1_500,
  askAgainLate: 6_000,
  /** An offer that was told to wait comes again so soon, then later and later, this often in one search. */
  waitAgain: 250,
  waitsMax: 3,
  /** How long what was replaced stays open. */
  spare: 6_000,
  offeredSpare: 20_000,
  patience: 1_500,
  patienceAfterMove: 900,
  /** For the echoes that follow the one that was missed. */
  lastWord: 900,
  /** Bytes that come in while echoes do not: half a path; not believed for longer. */
  halfDead: 6_000,
  /** Without echoes only WireGuard's own rule is left: 10 s keepalive and 5 s of patience. */
  silentStranger: 15_000,
  sessionMax: 180_000,
  echo: { trying: 200, tryingLate: 1_000, doubt: 300, busy: 500, fresh: 1_000, idle: 10_000, deaf: 3_000 },
  fresh: 10_000,
  /** How long an offer that is not needed here makes doubtful what works: the time that a carrier has to be confirmed, and some echoes more. */
  alert: 5_000,
  firstTrial: 3_000,
  otherTrial: 12_000,
  trialsApart: 3_000,
  backOff: { first: 30_000, last: 3_600_000 },
  retry: { first: 2_000, last: 60_000 },
  /** After so many searches in vain it is only knocked; now and again everything is tried all the same. */
  knocksAfter: 2,
  searchEvery: 8,
  /** A machine that stays off is knocked at less and less. */
  knock: { last: 300_000, slowlyAfter: 15 },
  /** Knocks at several machines share moments, so that this one wakes up seldom. */
  knocksTogether: 5_000,
  /** A path that lived so long did not fail for having been chosen. */
  proven: 300_000,
  /** Losses double a tier's back-off no more often. */
  lossesCount: 3,
  retell: 10_000,
  factsAge: 60_000,
} as const;

/** How long a carrier may take to open. ICE checks its pairs several times (RFC 8445, section 14.3). */
export const openingMs: Readonly<Record<CarrierTier, number>> = { ice: 8_000, channel: 10_000, turn: 4_000, stream: 4_000 };

/**
 * One try's turn: 200 ms for the order to reach the engine, then a handshake over a slow line. Each new handshake ends the one that the other
 * side may just be making, so turns grow, and both sides' have different lengths: no unlucky rhythm lasts.
 */
export function turnMs(turn: number, first: boolean): number {
  return Math.min(3_200, Math.round((first ? 1_000 : 1_250) * 1.4 ** turn));
}

export const portTiers: readonly PathTier[] = ['direct', 'punch'];

export function backOffMs({ first, last }: { readonly first: number; readonly last: number }, fails: number): number {
  return Math.min(last, first * 2 ** Math.min(20, Math.max(0, fails - 1)));
}

/** Whether a peer has been looked for in vain so often that its machine is probably off. */
export function isProbablyOff(downs: number): boolean {
  return downs >= times.knocksAfter;
}

/**
 * When a peer that was given up for the `downs`-th time has its next turn. Waits differ from peer to peer by up to a fifth, so that not all are
 * knocked at, and wake up, at once.
 */
export function retryAtMs(id: string, downs: number, nowMs: number): number {
  const waitMs = backOffMs(times.retry, downs);
  if (!isProbablyOff(downs)) return nowMs + waitMs;
  const longer = Math.min(times.knock.last, waitMs * 2 ** Math.min(8, Math.max(0, downs - times.knock.slowlyAfter)));
  return Math.ceil((nowMs + longer * spreadOf(`${id} ${downs}`)) / times.knocksTogether) * times.knocksTogether;
}

/** 0.8 to 1.2, always the same for the same text: FNV-1a. */
function spreadOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return 0.8 + ((hash >>> 0) / 2 ** 32) * 0.4;
}
