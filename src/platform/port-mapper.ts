import { cell } from '../base/cell.ts';
import { type Cancel, type Clock, sleep } from '../base/clock.ts';
import { joinHostPort } from '../base/ip.ts';
import { type Log } from '../base/log.ts';
import { type Random } from '../base/random.ts';
import { type PortMapper, type PortMapping } from '../node/path-ports.ts';
import { defaultGateways, type GatewayRoute } from './gateways.ts';
import { type Grant, MappingRefused } from './mapping-grant.ts';
import { mapByPcp, mapByPmp } from './pcp-client.ts';
import { systemRandom } from './random.ts';
import { mapByUpnp } from './upnp-client.ts';

export interface PortMapperOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly random?: Random;
  readonly gateways?: () => Promise<readonly GatewayRoute[]>;
}

type By = PortMapping['by'];
/** In the order in which they are tried: the exact ones first. */
const protocols: readonly { readonly by: By; readonly map: typeof mapByPcp }[] = [{ by: 'pcp', map: mapByPcp }, { by: 'nat-pmp', map: mapByPmp }, { by: 'upnp', map: mapByUpnp }];
/** A router that says less would have us ask all day, one that says more forgets earlier when it is switched off. */
const renewMs = { min: 60_000, max: 1_800_000 } as const;
/** A network without such a router may get one. */
const lookAgainMs = 1_800_000;
const releaseMsMax = 1_500;

/** Keeps one UDP port mapped at this machine's router, and tells what came of it. Never in anybody's way: a failure is an answer in a cell. */
export function createPortMapper({ clock, log, random = systemRandom, gateways = defaultGateways }: PortMapperOptions): PortMapper {
  const mapped = cell<PortMapping | null>(null);
  const answers = cell<Readonly<Record<By, string>>>({ pcp: '', 'nat-pmp': '', upnp: '' });
  let wanted = { port: 0, moves: 0 };
  let current: { readonly port: number; readonly grant: Grant } | null = null;
  let turn = new AbortController();
  let running: Promise<void> = Promise.resolve();
  let closed = false;

  function tell(by: By, answer: string): void {
    answers.set({ ...answers.get(), [by]: answer });
    log.debug('router.answered', { by, answer });
  }

  /** One life of a wish: looks for a router that maps, renews, and looks again when that fails. */
  async function keep(port: number, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const found = port === 0 ? null : await find(port, signal);
      if (!found) return port === 0 ? undefined : sleep(clock, lookAgainMs, signal).then(() => keep(port, signal));
      current = { port, grant: found.grant };
      publish(found.by, found.grant);
      await renewed(found.by, found.grant, signal);
      mapped.set(null);
    }
  }

  async function find(port: number, signal: AbortSignal): Promise<{ readonly by: By; readonly grant: Grant } | null> {
    const [route] = await gateways();
    for (const { by, map } of protocols) {
      signal.throwIfAborted();
      if (!route) {
        tell(by, 'no router');
        continue;
      }
      try {
        const grant = await map({ clock, random }, route, port, port, signal);
        tell(by, 'mapped');
        return { by, grant };
      } catch (error) {
        signal.throwIfAborted();
        tell(by, error instanceof MappingRefused ? error.message : 'cannot be asked');
      }
    }
    return null;
  }

  /** Returns when the router does not renew any more. */
  async function renewed(by: By, grant: Grant, signal: AbortSignal): Promise<void> {
    for (let lifetimeSeconds = grant.lifetimeSeconds; ; ) {
      await sleep(clock, renewAfter(lifetimeSeconds), signal);
      const again = await grant.renew(signal).catch((error: unknown) => {
        signal.throwIfAborted();
        tell(by, error instanceof MappingRefused ? error.message : 'cannot be asked');
        return null;
      });
      if (!again) return;
      lifetimeSeconds = again.lifetimeSeconds;
      publish(by, again);
    }
  }

  function publish(by: By, { address, port }: { readonly address: string; readonly port: number }): void {
    const endpoint = joinHostPort(address, port);
    if (mapped.get()?.endpoint !== endpoint || mapped.get()?.by !== by) mapped.set({ by, endpoint });
  }

  /** Tells the router, if it can be told; what it does not hear ends by itself. */
  async function letGo(): Promise<void> {
    const leaving = current;
    current = null;
    mapped.set(null);
    if (!leaving) return;
    const late = new AbortController();
    const stop: Cancel = clock.after(releaseMsMax, () => late.abort());
    await leaving.grant.release(late.signal).catch(() => {});
    stop();
  }

  function restart(port: number): void {
    turn.abort();
    turn = new AbortController();
    const { signal } = turn;
    running = running.then(letGo).then(() => (signal.aborted ? undefined : keep(port, signal))).catch(() => {}); // Ended by the next wish.
  }

  return {
    mapped, answers,
    want: (port, moves) => {
      if (closed || (wanted.port === port && wanted.moves === moves)) return;
      wanted = { port, moves };
      restart(port);
    },
    close: async () => {
      if (!closed) restart(0);
      closed = true;
      await running;
    },
  };
}

function renewAfter(lifetimeSeconds: number): number {
  return lifetimeSeconds === 0 ? renewMs.max : Math.min(Math.max((lifetimeSeconds * 1000) / 2, renewMs.min), renewMs.max);
}
