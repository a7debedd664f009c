import type { Cell } from '../../src/base/cell.ts';
import type { Cancel, Clock } from '../../src/base/clock.ts';
import { failure } from '../../src/base/failure.ts';
import type { Release } from '../../src/base/update.ts';
import type { Handlers } from '../../src/contract/commands.ts';
import type { UpdatePhase, UpdateTopic } from '../../src/contract/update.ts';

export const fakeRelease: Release = { version: '0.2.0', notes: 'The window opens sooner.\nPeers can be grouped by owner.', bytes: 96_468_992, format: 'deb' };

/** Finds a release, and brings it in ten steps. */
export function fakeUpdates(topic: Cell<UpdateTopic>, clock: Clock, stepMs: number): Pick<Handlers, `update.${'check' | 'download' | 'dismiss'}`> {
  let cancel: Cancel = () => {};
  const show = (phase: UpdatePhase): void => topic.set({ current: topic.get().current, checkedAtMs: clock.nowMs(), ...phase });
  const bring = (step: number): void => {
    if (step > 10) return show({ phase: 'ready', release: fakeRelease, path: '/home/ada/.config/webmesh/updates/download/webmesh-desktop_0.2.0_amd64.deb' });
    show({ phase: 'downloading', release: fakeRelease, bytes: (fakeRelease.bytes / 10) * step });
    cancel = clock.after(stepMs, () => bring(step + 1));
  };
  return {
    'update.check': async () => {
      show({ phase: 'checking' });
      cancel = clock.after(stepMs, () => show({ phase: 'available', release: fakeRelease }));
      return null;
    },
    'update.download': async () => {
      if (topic.get().phase !== 'available') throw failure('input.invalid', { field: 'update', problem: 'nothing newer was found yet' });
      bring(0);
      return null;
    },
    'update.dismiss': async () => {
      cancel();
      show({ phase: 'idle' });
      return null;
    },
  };
}
