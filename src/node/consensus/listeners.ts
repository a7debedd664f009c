import { type Cancel, type Clock } from '../../base/clock.ts';
import { failure, type Failure } from '../../base/failure.ts';
import { splitHostPort } from '../../base/ip.ts';
import { type Connection, type Sockets } from '../ports.ts';

/** How often an address that this machine does not have yet is tried again. The mesh address appears when the tunnel comes up. */
export const bindRetryMs = 250;

export interface Listeners {
  /** See Transport.listen. */
  set(addresses: readonly string[]): Promise<void>;
  bound(): readonly string[];
  close(): void;
}

interface Listener {
  bound: boolean;
  stop: Cancel;
  /** Tries to bind now, or joins the try that runs. */
  attempt(): Promise<Failure | undefined>;
}

/** Keeps the wanted listeners open, each on its own: a missing address holds up none of the others. */
export function keepListeners(sockets: Sockets, clock: Clock, accept: (connection: Connection) => void): Listeners {
  const listeners = new Map<string, Listener>();

  async function open(address: string): Promise<Failure | undefined> {
    const target = splitHostPort(address);
    if (!target) return failure('input.invalid', { field: 'raft address', problem: address });
    let running: Promise<Failure | undefined> | undefined;
    const attempt = (): Promise<Failure | undefined> => (running ??= once().finally(() => (running = undefined)));
    const listener: Listener = { bound: false, stop: () => {}, attempt };
    listeners.set(address, listener);
    const wanted = (): boolean => listeners.get(address) === listener;
    const once = async (): Promise<Failure | undefined> => {
      listener.stop(); // of the timer that would try again
      const result = await sockets.listen(target.host, target.port, accept);
      if (!wanted()) {
        if (result.ok) result.close();
        return undefined;
      }
      if (result.ok) {
        listener.bound = true;
        listener.stop = result.close;
        return undefined;
      }
      // Only a missing address is waited for at once; another process on the port is worth a retry as well, but also worth saying.
      listener.stop = clock.after(bindRetryMs, () => void attempt());
      if (result.problem === 'no-such-address') return undefined;
      return failure(result.problem === 'in-use' ? 'node.port-in-use' : 'node.start-failed', { address, port: target.port, problem: result.message });
    };
    return attempt();
  }

  function drop(address: string): void {
    const listener = listeners.get(address);
    listeners.delete(address);
    listener?.stop();
  }

  return {
    set: async (addresses) => {
      for (const address of listeners.keys()) if (!addresses.includes(address)) drop(address);
      // One that waited for its address has it now, perhaps, and finds somebody else on its port: that is worth saying, too.
      const again = [...listeners.values()].filter(({ bound }) => !bound).map(({ attempt }) => attempt());
      const problems = await Promise.all([...addresses.filter((a) => !listeners.has(a)).map(open), ...again]);
      const problem = problems.find((p) => p !== undefined);
      if (problem) throw problem;
    },
    bound: () => [...listeners].filter(([, listener]) => listener.bound).map(([address]) => address),
    close: () => {
      for (const address of listeners.keys()) drop(address);
    },
  };
}
