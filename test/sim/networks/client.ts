import { abortError } from '../../../src/base/abort.ts';
import { cell } from '../../../src/base/cell.ts';
import { failure, toData } from '../../../src/base/failure.ts';
import { between, chance, type Random } from '../../../src/base/random.ts';
import type { HelperClient, HelperLink } from '../../../src/core/ports.ts';
import { NodeState, TunnelState, type WatchResponse } from '../../../src/gen/webmesh/helper/v1/helper.ts';
import { type HelperLife, callWith } from './helper.ts';
import type { Life } from './life.ts';
import type { Machine } from './machine.ts';

/** Where the helper's socket is: the life that serves now, and who wants to know of the next one. */
export interface Door {
  present: HelperLife | null;
  readonly knocking: Set<(helper: HelperLife) => void>;
}

/**
 * The helper as one life of the app has it: calls that are lost, late, doubled, or answered to nobody. A call goes to the life of the helper
 * that served when it was made, and may happen after the app has died: its bytes were on their way.
 */
export function createClient(machine: Machine, door: Door, app: Life, random: Random, told: (event: WatchResponse) => WatchResponse): HelperClient {
  const link = cell<HelperLink>({ state: 'down', failure: toData(failure('helper.unreachable')) });
  const report = cell<WatchResponse | null>(null);

  /** One connection at a time, as the real link has it: the next begins when the end of the last was noticed. */
  let connected: AbortController | null = null;
  function lose(ending: AbortController): void {
    ending.abort(abortError());
    if (connected !== ending) return;
    connected = null;
    report.set(null);
    if (link.get().state === 'up') link.set({ state: 'down', failure: toData(failure('helper.lost')) });
  }

  async function meet(helper: HelperLife): Promise<void> {
    await app.pause(between(random, 1, 400));
    if (!helper.alive()) return;
    const ending = new AbortController();
    if (connected) lose(connected);
    connected = ending;
    helper.onEnd(() => void app.after(between(random, 1, 300), () => lose(ending)));
    app.onEnd(() => ending.abort(abortError()));
    const hello = await helper.service.hello({ clientVersion: '', tunnelId: '', nextKey: false }, callWith(ending.signal));
    let first = true;
    for await (const event of helper.service.watch({}, callWith(ending.signal))) {
      if (ending.signal.aborted || !app.alive()) return;
      report.set(told(event));
      if (first) link.set({ state: 'up', hello });
      first = false;
    }
  }
  const welcome = (helper: HelperLife): void => void meet(helper);
  door.knocking.add(welcome);
  app.onEnd(() => door.knocking.delete(welcome));
  if (door.present) welcome(door.present);

  function call<T>(signal: AbortSignal, happen: (service: HelperLife['service']) => Promise<T>): Promise<T> {
    const { weather } = machine;
    const helper = door.present;
    if (helper === null || link.get().state !== 'up') return Promise.reject(failure('helper.unreachable'));
    return new Promise<T>((resolve, reject) => {
      if (signal.aborted) return reject(abortError());
      signal.addEventListener('abort', () => reject(abortError()));
      helper.onEnd(() => void app.after(between(random, 1, 50), () => reject(failure('helper.lost'))));
      const loses = (): boolean => chance(random, weather.lost);
      const arrive = (): Promise<void> => happen(helper.service).then(
        (answer) => void (loses() || app.after(delay(), () => resolve(answer))),
        (error: unknown) => void (loses() || app.after(delay(), () => reject(error))),
      );
      if (loses()) return;
      helper.after(delay(), () => void arrive());
      if (chance(random, weather.doubled)) helper.after(delay() + between(random, 0, 4_000), () => void happen(helper.service).catch(() => {})); // Nobody waits for the second one's answer.
    });
  }

  function delay(): number {
    return chance(random, machine.weather.late) ? between(random, 100, 6_000) : between(random, 1, 20);
  }

  return {
    link, report,
    hello: (tunnelId, signal) => call(signal, (service) => service.hello({ clientVersion: '', tunnelId, nextKey: false }, callWith(signal))),
    applyTunnel: async (generation, spec, signal) => (await call(signal, (service) => service.applyTunnel({ generation, spec }, callWith(signal)))).state ?? TunnelState.fromPartial({}),
    clearTunnel: async (tunnelId, generation, signal) => void (await call(signal, (service) => service.clearTunnel({ tunnelId, generation }, callWith(signal)))),
    setNode: async (tunnelId, generation, spec, signal) => (await call(signal, (service) => service.setNode({ tunnelId, generation, spec: spec ?? undefined }, callWith(signal)))).state ?? NodeState.fromPartial({}),
    exportDiagnostics: async () => '',
    shutdown: async () => {},
    close: () => {},
  };
}
