/** How many connections a local door holds at once: all together, each user's, and how many of them nobody but the system gets. */
export interface DoorLimits {
  readonly all: number;
  readonly each: number;
  readonly spare: number;
}

/** What of a connection is looked at. */
interface Ending {
  once(event: 'close', see: () => void): unknown;
}

export const doorLimits: DoorLimits = { all: 256, each: 64, spare: 16 };

/**
 * Admits a connection of a user to that user's share, or says no: nobody crowds out another user, and all of them not the system, which has
 * no share but the whole. Takes note of its end by itself.
 */
export function createDoorShares({ all, each, spare }: DoorLimits): (socket: Ending, uid: number | undefined) => boolean {
  const held = new Map<number | undefined, number>();
  const countOf = (uid: number | undefined): number => held.get(uid) ?? 0;
  let open = 0;

  return (socket, uid) => {
    const isFull = uid === 0 ? open >= all : open >= all - spare || countOf(uid) >= each;
    if (isFull) return false;
    open++;
    held.set(uid, countOf(uid) + 1);
    socket.once('close', () => {
      open--;
      held.set(uid, countOf(uid) - 1);
      if (countOf(uid) === 0) held.delete(uid);
    });
    return true;
  };
}
