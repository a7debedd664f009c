import type { App, PowerMonitor } from 'electron';
import type { Clock } from '../base/clock.ts';
import { disconnected, present } from '../contract/wait.ts';
import type { Attachment } from './attachment.ts';

export interface EndingInput {
  readonly app: Pick<App, 'on' | 'quit' | 'exit'>;
  readonly power: Pick<PowerMonitor, 'on'>;
  readonly clock: Clock;
  readonly core: Attachment;
  /** Takes away everything that is on the screen. */
  readonly clearScreen: () => void;
  readonly failed: (error: unknown) => void;
}

const hurriedMs = 1_000;

/** The app outlives its window; only Quit ends it, after the tunnel was taken down. */
export function endInOrder({ app, power, clock, core, clearScreen, failed }: EndingInput): { atOnce(): void } {
  let ending: 'no' | 'soon' | 'now' = 'no';

  /** A person who wants to stay connected keeps the tunnel; so does whoever is a guest of another process that owns it. */
  async function end(): Promise<void> {
    try {
      if (core.owned && !(await present(core.client, 'settings')).stayConnected) await disconnected(core.client, clock);
    } catch (error) {
      failed(error); // We end all the same; the helper takes the tunnel down when it ends, and the next start takes it over before.
    }
    await core.close().catch(failed);
  }

  /** The person logs out or the machine shuts down: nobody waits for us. The wish stays, so that the next login goes on with it. */
  function atOnce(): void {
    if (ending === 'now') return;
    ending = 'now';
    clock.after(hurriedMs, () => app.exit(0));
    void core.close().catch(failed).finally(() => app.exit(0));
  }

  app.on('window-all-closed', () => {}); // the default would quit
  app.on('before-quit', (event) => {
    if (ending === 'now') return;
    event.preventDefault();
    if (ending === 'soon') return;
    ending = 'soon';
    void end().finally(() => {
      ending = 'now';
      clearScreen();
      app.quit();
    });
  });
  power.on('shutdown', atOnce);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => app.quit());
  return { atOnce };
}
