import { peersMax } from './ring.ts';

export interface Candidate {
  readonly id: string;
  readonly favourite: boolean;
  /** Bytes of the minute, both ways. */
  readonly bytes: number;
}

/** A minute with more than this was used by somebody; handshakes, keepalives and the path finder's echoes stay well below. */
export const talkBytes = 16_384;
/** Who talked within this is not sent away for another, so that two who share the last place do not take it from each other each minute. */
const graceMinutes = 10;

/**
 * Who gets a history, and who gives up a place for that: favourites first, then who talked latest, then whoever came. `held` has the last
 * minute with talk of those who have a place; `isFavourite` is asked of those only. Pure.
 */
export function choosePlaces(held: ReadonlyMap<string, number>, candidates: readonly Candidate[], minute: number, isFavourite: (id: string) => boolean, most = peersMax): { readonly add: readonly string[]; readonly drop: readonly string[] } {
  const waiting = candidates.filter(({ id }) => !held.has(id)).sort(byMerit);
  const add: string[] = [];
  const drop: string[] = [];
  let free = most - held.size;
  let leaving: { readonly id: string; readonly talked: number }[] | null = null;
  for (const { id, favourite, bytes } of waiting) {
    if (free > 0) {
      free--;
      add.push(id);
      continue;
    }
    // Sorted once, and only when somebody waits: a full house of quiet peers costs nothing.
    leaving ??= [...held].filter(([other]) => !isFavourite(other)).map(([other, talked]) => ({ id: other, talked: talked > minute ? 0 : talked })).sort((a, b) => b.talked - a.talked);
    const last = leaving.at(-1);
    if (last === undefined || !(favourite || (bytes >= talkBytes && last.talked < minute - graceMinutes))) break;
    leaving.pop();
    drop.push(last.id);
    add.push(id);
  }
  return { add, drop };
}

function byMerit(a: Candidate, b: Candidate): number {
  return Number(b.favourite) - Number(a.favourite) || b.bytes - a.bytes || (a.id < b.id ? -1 : 1);
}
