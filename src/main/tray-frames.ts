import { type Cancel, type Clock } from '../base/clock.ts';
import { type TrayIcon } from './tray-items.ts';

/** How often the icon changes while it moves, and how often at most: a connection that takes longer than that is waiting, not working. */
const frameMs = 600;
const framesMax = 40;

export interface TrayFrames {
  /** From now on this icon is meant. */
  show(icon: TrayIcon): void;
  stop(): void;
}

/** Shows an icon, and `connecting` as two pictures in turn, for a while: then it rests at the first. `still` is asked before each move. */
export function trayFrames(clock: Pick<Clock, 'after'>, draw: (icon: TrayIcon) => void, still: () => boolean): TrayFrames {
  let meant: TrayIcon | undefined;
  let cancel: Cancel = () => {};
  const move = (frame: number): void => {
    if (frame >= framesMax || still()) return draw('connecting');
    draw(frame % 2 === 0 ? 'connecting' : 'connecting-2');
    cancel = clock.after(frameMs, () => move(frame + 1));
  };
  return {
    show: (icon) => {
      if (icon === meant) return;
      meant = icon;
      cancel();
      if (icon === 'connecting') move(0);
      else draw(icon);
    },
    stop: () => cancel(),
  };
}
