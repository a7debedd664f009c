import { between, chance, pick, type Random } from '../../../src/base/random.ts';
import { type Change, type NodeId } from '../../../src/raft/types.ts';
import { type Checks } from './checks.ts';
import { type Timeline } from './heap.ts';
import { boundaries, type Member } from './member.ts';
import { type Network } from './network.ts';
import { type Plan } from './plan.ts';

export interface Cast {
  readonly plan: Plan;
  readonly timeline: Timeline;
  readonly network: Network;
  readonly checks: Checks;
  readonly members: ReadonlyMap<NodeId, Member>;
  /** A client asks this member for a linearizable read. */
  readonly ask: (member: Member) => void;
}

/** Starts every kind of fault that the plan has. They end when the world is calmed. */
export function unleash(cast: Cast, dice: Random): void {
  const { plan } = cast;
  often(cast, dice, plan.crashEveryMs, () => crash(cast, dice));
  often(cast, dice, plan.pauseEveryMs, () => pause(cast, dice));
  often(cast, dice, plan.partitionEveryMs, () => partition(cast, dice));
  often(cast, dice, plan.clogEveryMs, () => clog(cast, dice));
  often(cast, dice, plan.pauseEveryMs, () => {
    const member = any(cast, dice);
    member.slowDisk = !member.slowDisk;
  });
}

/** Repeats at random intervals with the given mean until the calm. */
export function often({ timeline, checks }: Cast, dice: Random, meanMs: number, run: () => void): void {
  if (meanMs === 0) return;
  const again = (): void =>
    timeline.after(-meanMs * Math.log(1 - dice.next()), () => {
      if (checks.calm) return;
      run();
      again();
    });
  again();
}

const any = ({ members }: Cast, dice: Random): Member => pick(dice, [...members.values()]);

/** Half of the crashes wait for a step of the driver's loop, where they hurt most. */
function crash(cast: Cast, dice: Random): void {
  const member = any(cast, dice);
  if (!member.up) return;
  if (chance(dice, 0.5)) member.doom = pick(dice, boundaries);
  else {
    member.crash();
    cast.checks.died(member);
  }
  revive(cast, member, chance(dice, 0.4) ? between(dice, 1, 30) : between(dice, 50, 2_500));
}

function revive({ timeline, checks }: Cast, member: Member, delayMs: number): void {
  timeline.after(delayMs, () => {
    if (checks.calm || member.up) return;
    member.start();
  });
}

function pause(cast: Cast, dice: Random): void {
  const { timeline, checks, ask } = cast;
  const member = any(cast, dice);
  const { life } = member;
  checks.figures.pauses++;
  checks.say(`${member.id} pauses`);
  member.pause();
  timeline.after(between(dice, 100, 4_000), () => {
    if (member.life !== life) return;
    // What clients ask comes before the backlog of messages that would tell a former leader that it is none.
    for (let i = 0; i < 3; i++) ask(member);
    member.resume();
  });
}

/** One member alone, halves, or single one-way cuts. */
function partition({ network, timeline, members, checks }: Cast, dice: Random): void {
  const ids = [...members.keys()];
  checks.figures.partitions++;
  const kind = pick(dice, ['isolate', 'halves', 'one-way', 'ring'] as const);
  const lonely = pick(dice, ids);
  const half = new Set(ids.filter(() => chance(dice, 0.5)));
  const parts = (from: NodeId, to: NodeId): boolean => {
    switch (kind) {
      case 'isolate':
        return from === lonely || to === lonely;
      case 'halves':
        return half.has(from) !== half.has(to);
      case 'one-way':
        return chance(dice, 0.3);
      case 'ring':
        return Math.abs(ids.indexOf(from) - ids.indexOf(to)) > 1;
    }
  };
  for (const from of ids) for (const to of ids) if (from !== to && parts(from, to)) network.cut(from, to);
  checks.say(`partition ${kind} ${lonely}`);
  timeline.after(between(dice, 200, 4_000), () => network.healAll());
}

/** Some links become slow, for as long as an election may take. */
function clog({ network, timeline, members, checks }: Cast, dice: Random): void {
  for (const from of members.keys()) for (const to of members.keys()) if (from !== to && chance(dice, 0.4)) network.clog(from, to, between(dice, 100, 2_000));
  checks.say('clog');
  timeline.after(between(dice, 500, 4_000), () => network.unclogAll());
}

/** A random change of membership, sensible or not: the core refuses what may not be. */
export function randomChange({ members, checks }: Cast, dice: Random): Change {
  const id = pick(dice, [...members.keys()]);
  const known = checks.configurationAt(checks.committed.length).find((one) => one.id === id);
  if (!known) return { kind: 'add-observer', id, address: `${id}:1` };
  const kind = known.voter ? pick(dice, ['demote', 'remove', 'readdress'] as const) : pick(dice, ['promote', 'promote', 'promote', 'remove'] as const);
  return kind === 'readdress' ? { kind, id, address: `${id}:${between(dice, 1, 99)}` } : { kind, id };
}
