import { abortError, isAbort, withDeadline } from '../base/abort.ts';
import { type Cell, cell, type ReadCell } from '../base/cell.ts';
import type { Clock } from '../base/clock.ts';
import type { PeerView } from '../contract/state.ts';
import type { PeerProbe } from './ports.ts';
import { handshakeFreshMs } from './peers.ts';

const everyMs = 10_000;
const firstMs = 1_500;
const timeoutMs = 3_000;
const atOnce = 8;
const perRoundMax = 256;

export interface Target {
  readonly id: string;
  readonly host: string;
  readonly port: number;
}

/** Measures the round trip to every peer with a recent handshake, some at a time, over and over. */
export function measureLatencies({ clock, probe }: { clock: Clock; probe: PeerProbe }, targets: () => readonly Target[]): { readonly latencies: ReadCell<ReadonlyMap<string, number>>; close(): void } {
  const latencies: Cell<ReadonlyMap<string, number>> = cell<ReadonlyMap<string, number>>(new Map());
  const stopping = new AbortController();
  let offset = 0;

  async function round(): Promise<void> {
    const all = targets();
    const chosen = [...all.slice(offset), ...all.slice(0, offset)].slice(0, perRoundMax);
    offset = all.length === 0 ? 0 : (offset + chosen.length) % all.length;
    const known = new Set(all.map(({ id }) => id));
    const found = new Map([...latencies.get()].filter(([id]) => known.has(id)));
    const queue = [...chosen];
    const worker = async (): Promise<void> => {
      for (let target = queue.shift(); target && !stopping.signal.aborted; target = queue.shift()) {
        const latencyMs = await measure(clock, probe, target, stopping.signal);
        if (latencyMs === undefined) found.delete(target.id);
        else found.set(target.id, latencyMs);
      }
    };
    await Promise.all(Array.from({ length: atOnce }, worker));
    if (stopping.signal.aborted) return;
    if (found.size > 0 || latencies.get().size > 0) latencies.set(found);
    cancel = clock.after(all.length === 0 ? firstMs : everyMs, () => void round());
  }

  let cancel = clock.after(firstMs, () => void round());
  return {
    latencies,
    close: () => {
      stopping.abort(abortError());
      cancel();
    },
  };
}

/** Peers worth measuring: a handshake that is young and an address to connect to. The path finder's echoes measure better, where it has some. */
export function targetsOf(list: readonly PeerView[], nowMs: number, portOf: (id: string) => number, echoed: ReadonlySet<string>): readonly Target[] {
  return list.flatMap(({ id, self, publicKey, ipv4, ipv6, lastHandshakeMs }) => {
    const host = ipv4 ?? ipv6;
    return self || host === null || echoed.has(publicKey) || lastHandshakeMs === null || nowMs - lastHandshakeMs >= handshakeFreshMs ? [] : [{ id, host, port: portOf(id) }];
  });
}

async function measure(clock: Clock, probe: PeerProbe, { host, port }: Target, signal: AbortSignal): Promise<number | undefined> {
  try {
    return await withDeadline(clock, timeoutMs, 'probe', signal, (inner) => probe.connect(host, port, inner));
  } catch (error) {
    if (isAbort(error) && !signal.aborted) throw error;
    return undefined; // Away or too slow: the row shows no latency.
  }
}
