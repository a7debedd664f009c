import { type Clock } from '../base/clock.ts';
import { type Handed } from './arguments.ts';

/** Where invites come in from the desktop. All that follows from one is that the window shows it and asks. */
export interface InviteDoor {
  /** Takes what was handed over; nothing when there was no invite in it. */
  take(handed: Handed | undefined): void;
  /** From now on invites are shown by this; one that came earlier is shown at once. */
  attach(show: (link: string) => Promise<void>): void;
}

export interface InviteDoorPorts {
  readonly clock: Pick<Clock, 'after'>;
  readFile(path: string, bytesMax: number): Promise<string>;
  /** It could not be read or is no invite. */
  failed(error: unknown): void;
}

/** Limits: an invite's length as link or file, and the time between two. A page elsewhere can make the desktop hand over as many as it likes. */
export const doorLimits = { bytesMax: 4_096, gapMs: 1_000 } as const;

/** One at a time, and of those that come meanwhile the newest: that is the one a person means. */
export function createInviteDoor({ clock, readFile, failed }: InviteDoorPorts): InviteDoor {
  let show: ((link: string) => Promise<void>) | undefined;
  let waiting: Handed | undefined;
  let closed = false;

  async function pass(handed: Handed, to: (link: string) => Promise<void>): Promise<void> {
    try {
      await to(handed.kind === 'link' ? handed.link : (await readFile(handed.path, doorLimits.bytesMax)).trim());
    } catch (error) {
      failed(error);
    }
  }

  function next(): void {
    if (closed || show === undefined || waiting === undefined) return;
    const [handed, to] = [waiting, show];
    waiting = undefined;
    closed = true;
    const rested = new Promise<void>((resolve) => void clock.after(doorLimits.gapMs, resolve));
    void Promise.all([pass(handed, to), rested]).then(() => {
      closed = false;
      next();
    });
  }

  return {
    take: (handed) => {
      waiting = handed ?? waiting;
      next();
    },
    attach: (to) => {
      show = to;
      next();
    },
  };
}
