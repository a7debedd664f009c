import { cell, type ReadCell } from '../../base/cell.ts';
import { type Clock } from '../../base/clock.ts';
import { failure } from '../../base/failure.ts';
import { contains, formatIp, parseIp, parsePrefix } from '../../base/ip.ts';
import { type Random, shortId } from '../../base/random.ts';
import { type ForwardView, type OpenForwardRequest } from '../../gen/webmesh/local/v1/local.ts';
import { type Target } from './destinations.ts';
import { type Forward, type ForwardPorts, type LocalEnd, openForward } from './forward.ts';

export interface ForwardsPorts extends ForwardPorts {
  readonly random: Random;
  /** Bare addresses of this machine where forwards may listen, beside loopback. */
  readonly own: () => readonly string[];
  /** Whether a node of this name is known. */
  readonly knows: (id: string) => boolean;
}

export interface Forwards {
  /** In the order they were opened; byte counts are at most half a second old. */
  readonly views: ReadCell<readonly ForwardView[]>;
  /**
   * Listens, and waits until the far node was reached or could not be: then the view says why, and it is tried again. Rejects with a Failure:
   * input.invalid, input.limit, mesh.not-found, node.port-in-use, node.start-failed.
   */
  open(request: OpenForwardRequest, signal: AbortSignal): Promise<ForwardView>;
  /** An unknown id is closed already. */
  close(id: string): void;
}

const forwardsMax = 64;
const tellMs = 500;
const triedMs = 15_000;
const loopback = ['127.0.0.0/8', '::1/128'].flatMap((text) => parsePrefix(text) ?? []);

interface Held {
  readonly view: Omit<ForwardView, 'connections' | 'sentBytes' | 'receivedBytes' | 'problem' | 'problemCode'>;
  readonly forward: Forward;
}

export function createForwards(ports: ForwardsPorts): Forwards & { closeAll(): void } {
  const { clock, pool, random } = ports;
  const held = new Map<string, Held>();
  const views = cell<readonly ForwardView[]>([]);
  const tellSoon = throttled(clock, () => views.set([...held.values()].map(viewOf)));
  let opening = 0;

  function close(id: string): void {
    const one = held.get(id);
    if (!one) return;
    held.delete(id);
    one.forward.close();
    if (![...held.values()].some(({ view }) => view.peer === one.view.peer)) pool.close(one.view.peer);
    tellSoon.now();
  }

  return {
    views,
    open: async (request, signal) => {
      const { target, local } = wantedIn(request, ports);
      if (held.size + opening >= forwardsMax) throw failure('input.limit', { what: 'forwards', most: forwardsMax });
      opening++;
      const forward = await openForward(request.peer, target, local, ports, tellSoon.later).finally(() => opening--);
      const id = shortId(random, 8);
      const { protocol, host: remoteAddress, port: remotePort } = target;
      const one: Held = { forward, view: { id, peer: request.peer, protocol, localAddress: local.host, localPort: forward.port, remoteAddress, remotePort } };
      held.set(id, one);
      if (signal.aborted) {
        close(id);
        throw signal.reason;
      }
      tellSoon.now();
      await within(forward.tried, triedMs, clock, signal);
      tellSoon.now();
      return viewOf(one);
    },
    close,
    closeAll: () => [...held.keys()].forEach(close),
  };
}

function viewOf({ view, forward }: Held): ForwardView {
  const { connections, sentBytes, receivedBytes, problem } = forward.figures;
  return { ...view, connections, sentBytes: BigInt(sentBytes), receivedBytes: BigInt(receivedBytes), problemCode: problem?.code ?? '', problem: problem?.words ?? '' };
}

function wantedIn(request: OpenForwardRequest, { own, knows }: ForwardsPorts): { readonly target: Target; readonly local: LocalEnd } {
  const invalid = (field: string, reason: string): Error => failure('input.invalid', { field, reason });
  const { protocol, localAddress, localPort, remoteAddress, remotePort, peer } = request;
  if (protocol !== 'tcp' && protocol !== 'udp') throw invalid('protocol', 'is tcp or udp');
  const host = parseIp(localAddress === '' ? '127.0.0.1' : localAddress);
  const remote = parseIp(remoteAddress === '' ? '127.0.0.1' : remoteAddress);
  if (!host || !(loopback.some((network) => contains(network, host)) || own().includes(formatIp(host)))) throw invalid('localAddress', 'is no address of this machine');
  if (!remote) throw invalid('remoteAddress', 'is no address');
  if (localPort > 65_535) throw invalid('localPort', 'is no port');
  if (remotePort < 1 || remotePort > 65_535) throw invalid('remotePort', 'is no port');
  if (!knows(peer)) throw failure('mesh.not-found', { node: peer });
  return { target: { protocol, host: formatIp(remote), port: remotePort }, local: { host: formatIp(host), port: localPort } };
}

async function within(what: Promise<void>, ms: number, clock: Clock, signal: AbortSignal): Promise<void> {
  const late = Promise.withResolvers<void>();
  const cancel = clock.after(ms, late.resolve);
  signal.addEventListener('abort', () => late.resolve(), { once: true });
  await Promise.race([what, late.promise]);
  cancel();
}

/** Tells at most twice a second when asked to tell later. */
function throttled(clock: Clock, tell: () => void): { now(): void; later(): void } {
  let cancel: (() => void) | undefined;
  const now = (): void => {
    cancel?.();
    cancel = undefined;
    tell();
  };
  return { now, later: () => void (cancel ??= clock.after(tellMs, now)) };
}
