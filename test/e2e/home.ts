import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serve } from '../../src/contract/carrier.ts';
import { listen, type AppSocket } from '../../src/platform/app-socket.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { homeAt, type Home } from '../../src/platform/home.ts';
import { createFakeApp, type FakeApp, type SceneName } from '../fakes/app.ts';

/** A home folder of its own with a made-up core that owns its socket: every shell attaches to it as to a real one. */
export interface FakeHome {
  readonly home: Home;
  readonly app: FakeApp;
  /** The core goes away, as if it had been killed; the folder stays. */
  stopCore(): Promise<void>;
  remove(): Promise<void>;
}

export async function fakeHome(scene: SceneName = 'disconnected'): Promise<FakeHome> {
  const home = await emptyHome();
  const app = createFakeApp(systemClock, { scene, stepMs: 20 });
  let socket: AppSocket | undefined = await listen(home.appSocket, (port) => serve(port, app.handlers, app.topics));
  const stopCore = async (): Promise<void> => {
    app.close();
    await socket?.close();
    socket = undefined;
  };
  return {
    home,
    app,
    stopCore,
    remove: async () => {
      await stopCore();
      await removeHome(home);
    },
  };
}

export async function emptyHome(): Promise<Home> {
  return homeAt(await mkdtemp(join(tmpdir(), 'wm-e2e-')));
}

/** Chromium may still be writing its profile for a moment. */
export function removeHome(home: Home): Promise<void> {
  return rm(home.folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
}
