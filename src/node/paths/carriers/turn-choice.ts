import { type ReadCell } from '../../../base/cell.ts';
import { type Cancel, type Clock } from '../../../base/clock.ts';
import { type RelayServer } from '../../../gen/webmesh/paths/v1/paths_messages.ts';
import { CarrierError, type TurnAllocation, type TurnClients } from '../../path-ports.ts';
import { type MeasuredServer } from '../ports.ts';

export interface ChoicePorts {
  readonly turn: TurnClients;
  readonly servers: ReadCell<readonly MeasuredServer[]>;
  readonly clock: Clock;
}

export interface Choice {
  readonly transports: readonly ('udp' | 'tcp')[];
  readonly families: readonly (4 | 6)[];
}

interface Chosen {
  readonly allocation: TurnAllocation;
  readonly server: RelayServer;
}

const serversMax = 3;
/** The next way is tried when the one before failed, or has not answered for so long (as RFC 8305 does for connections). */
const staggerMs = 400;
const allMsMax = 5_000;

/** The first allocation that comes about, nearest relay and UDP first. Rejects with a CarrierError: relay-full where one was full, else no-relay. */
export function firstAllocation({ turn, servers, clock }: ChoicePorts, { transports, families }: Choice, signal: AbortSignal): Promise<Chosen> {
  signal.throwIfAborted();
  const ways = servers.get().slice(0, serversMax).flatMap(({ server }) => families.flatMap((family) => transports.map((transport) => ({ server, transport, family }))));
  return new Promise((resolve, reject) => {
    const ending = new AbortController();
    const problems: unknown[] = [];
    let next = 0;
    let running = 0;
    let won = false;
    let stagger: Cancel = () => {};
    const settle = (run: () => void): void => {
      stagger();
      late();
      signal.removeEventListener('abort', abort);
      ending.abort();
      run();
    };
    const abort = (): void => settle(() => reject(signal.reason));
    const late = clock.after(allMsMax, () => settle(() => reject(worst([...problems, new CarrierError('no-relay', 'no relay answers')]))));
    const start = (): void => {
      stagger();
      const way = ways[next++];
      if (!way) {
        if (running === 0) settle(() => reject(worst(problems)));
        return;
      }
      running++;
      stagger = clock.after(staggerMs, start);
      turn.allocate(way.server, way, ending.signal).then((allocation) => {
        running--;
        if (won || ending.signal.aborted) return allocation.close();
        won = true;
        settle(() => resolve({ allocation, server: way.server }));
      }, (error: unknown) => {
        running--;
        problems.push(error);
        if (!ending.signal.aborted) start();
      });
    };
    signal.addEventListener('abort', abort, { once: true });
    start();
  });
}

function worst(problems: readonly unknown[]): CarrierError {
  const all = problems.filter((problem) => problem instanceof CarrierError);
  return all.find(({ code }) => code === 'relay-full') ?? all[0] ?? new CarrierError('no-relay', 'no member hosts a relay');
}
