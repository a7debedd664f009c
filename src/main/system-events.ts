import type { PowerMonitor } from 'electron';
import { type SystemEvents } from '../core/ports.ts';

/** Sleep and wake, as the desktop tells them. */
export function systemEvents(monitor: Pick<PowerMonitor, 'on' | 'off'>): SystemEvents {
  return {
    on: (event, tell) => {
      // Electron declares one overload for each event; both of ours have the same shape.
      if (event === 'suspend') {
        monitor.on('suspend', tell);
        return () => void monitor.off('suspend', tell);
      }
      monitor.on('resume', tell);
      return () => void monitor.off('resume', tell);
    },
  };
}
