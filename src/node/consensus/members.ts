import { abortError, isAbort, withDeadline } from '../../base/abort.ts';
import { type ReadCell } from '../../base/cell.ts';
import { type Cancel, type Clock } from '../../base/clock.ts';
import { type Log } from '../../base/log.ts';
import { type Change, type Configuration, type Index, type NodeId, type RaftView } from '../../raft/types.ts';
import { type Consensus } from '../ports.ts';

/** A node of the mesh as its rows say it should take part in consensus. */
export interface MemberRow {
  readonly id: NodeId;
  /** Where its raft listens: `ip:port` in the mesh, IPv6 bracketed. */
  readonly address: string;
  /** It asked to vote, and the wish still stands. */
  readonly wantsVote: boolean;
  /** The ACLs allow it to vote. */
  readonly mayVote: boolean;
}

/** What the replicated tables say. `founded` is false until the mesh's first entry, which also holds the founder's own row. */
export interface Wanted {
  readonly founded: boolean;
  readonly rows: readonly MemberRow[];
}

export type MemberStep = Change | { readonly kind: 'hand-over' };

/** A voter-to-be may be this many entries behind and still counts as caught up: it will have them before anybody notices. */
const behindMax = 64;

/**
 * The one next step that brings the configuration nearer to the nodes table, or null. Membership follows the table, never the
 * other way round. Removals come first, so that a freed address can be given to the next node; then addresses, newcomers as
 * observers, and last promotions, of those that hold (almost) the whole log.
 *
 * The leader whose own row was deleted by Leave hands over to another voter, whose leader then removes it. A sole voter stays in
 * the configuration without a row: nobody could lead after it, and the mesh goes on without it as a node until it is joined again.
 *
 * A voter that may vote no more (an ACL, or it is a guest now) is demoted and goes on as an observer; a leader hands over first. The last
 * voter keeps its vote, whatever the tables say: a mesh without one could never change its mind.
 */
export function nextMemberStep(self: NodeId, view: Pick<RaftView, 'configuration' | 'commitIndex' | 'progress'>, wanted: Wanted): MemberStep | null {
  if (!wanted.founded) return null;
  const { servers } = view.configuration;
  const rowOf = new Map(wanted.rows.map((row) => [row.id, row]));
  const gone = servers.find((server) => server.id !== self && !rowOf.has(server.id));
  if (gone) return { kind: 'remove', id: gone.id };
  const moved = servers.find((server) => isFree(rowOf.get(server.id)?.address, view.configuration));
  if (moved) return { kind: 'readdress', id: moved.id, address: rowOf.get(moved.id)?.address ?? moved.address };
  const known = new Set(servers.map((server) => server.id));
  const newcomer = wanted.rows.find((row) => !known.has(row.id) && isFree(row.address, view.configuration));
  if (newcomer) return { kind: 'add-observer', id: newcomer.id, address: newcomer.address };
  const ready = servers.find((server) => !server.voter && isElector(rowOf.get(server.id)) && hasCaughtUp(server.id, view));
  if (ready) return { kind: 'promote', id: ready.id };
  const others = servers.filter((server) => server.voter && server.id !== self);
  if (others.length === 0) return null;
  if (!rowOf.has(self)) return { kind: 'hand-over' };
  const denied = others.find((server) => rowOf.get(server.id)?.mayVote === false);
  if (denied) return { kind: 'demote', id: denied.id };
  return rowOf.get(self)?.mayVote === false ? { kind: 'hand-over' } : null;
}

/** An address can be given only while no server has it; its former holder moves or goes in a step of its own. */
function isFree(address: string | undefined, { servers }: Configuration): address is string {
  return address !== undefined && address !== '' && servers.every((server) => server.address !== address);
}

function isElector(row: MemberRow | undefined): boolean {
  return row !== undefined && row.wantsVote && row.mayVote;
}

function hasCaughtUp(id: NodeId, { progress, commitIndex }: Pick<RaftView, 'progress' | 'commitIndex'>): boolean {
  const held = progress.get(id);
  return held !== undefined && held.active && !held.snapshotting && held.match > 0 && held.match + behindMax >= commitIndex;
}

export interface MembersPorts {
  readonly self: NodeId;
  readonly consensus: Pick<Consensus, 'change' | 'transferLeadership'> & { readonly view: ReadCell<RaftView>; readonly appliedIndex: ReadCell<Index> };
  /** Reads the tables; called again only after something was applied. */
  readonly wanted: () => Wanted;
  readonly clock: Clock;
  readonly log: Log;
}

const retryMs = 500;
const stepDeadlineMs = 5_000;

/** Keeps the configuration following the table while this node leads: one step at a time, each waited for. Returns what ends it. */
export function reconcileMembers({ self, consensus, wanted, clock, log }: MembersPorts): () => void {
  const closing = new AbortController();
  let [busy, closed] = [false, false];
  let cancelRetry: Cancel = () => {};
  let known: { readonly applied: Index; readonly wanted: Wanted } | null = null;

  const look = (): void => {
    const view = consensus.view.get();
    if (busy || closed || view.role !== 'leader' || !view.configurationCommitted) return;
    const applied = consensus.appliedIndex.get();
    if (known?.applied !== applied) known = { applied, wanted: wanted() };
    const step = nextMemberStep(self, view, known.wanted);
    if (step) void run(step);
  };

  const run = async (step: MemberStep): Promise<void> => {
    busy = true;
    let waitMs = 0;
    try {
      await withDeadline(clock, stepDeadlineMs, step.kind, closing.signal, (signal) =>
        step.kind === 'hand-over' ? consensus.transferLeadership(signal) : consensus.change(step, signal));
      log.info('member-step', { step: step.kind, ...('id' in step ? { id: step.id } : {}) });
    } catch (error) {
      waitMs = retryMs;
      if (!isAbort(error)) log.debug('member-step-refused', { step: step.kind, error });
    }
    if (closed) return;
    cancelRetry = clock.after(waitMs, () => {
      busy = false;
      look();
    });
  };

  const ends = [consensus.view.subscribe(look), consensus.appliedIndex.subscribe(look)];
  look();
  return () => {
    closed = true;
    cancelRetry();
    closing.abort(abortError('closing'));
    for (const end of ends) end();
  };
}
