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
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readFile(path: string, bytesMax: number): Promise<string>;
  /** It could not be read or is no invite. */
  failed(error: unknown): void;
}

/** Limits: an invite's length as link or file, and the time between two. A page elsewhere can make the desktop hand over as many as it likes. */
export const doorLimits = { bytesMax: 4_096, gapMs: 1_000 } as const;

export function createInviteDoor({ clock, readFile, failed }: InviteDoorPorts): InviteDoor {
  let show: ((link: string) => Promise<void>) | undefined;
  let waiting: Handed | undefined;
  let lastMs = Number.NEGATIVE_INFINITY;
  let busy = false;

  async function pass(handed: Handed, to: (link: string) => Promise<void>): Promise<void> {
    busy = true;
    try {
      await to(handed.kind === 'link' ? handed.link : (await readFile(handed.path, doorLimits.bytesMax)).trim());
    } catch (error) {
      failed(error);
    } finally {
      busy = false;
    }
  }

  return {
    take: (handed) => {
      if (handed === undefined || busy || clock.monotonicMs() - lastMs < doorLimits.gapMs) return;
      lastMs = clock.monotonicMs();
      if (show === undefined) waiting = handed;
      else void pass(handed, show);
    },
    attach: (to) => {
      show = to;
      const first = waiting;
      waiting = undefined;
      if (first !== undefined) void pass(first, to);
    },
  };
}
