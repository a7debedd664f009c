import { isAbort, abortError } from '../base/abort.ts';
import { type Cancel, type Clock } from '../base/clock.ts';
import { asFailure, type Failure } from '../base/failure.ts';
import { formatIp, type Ip, parseIp } from '../base/ip.ts';
import { type NodeConfig } from './config.ts';

/** An IP literal and a port. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** The part of a gRPC server that opens and ends listeners while it runs. */
export interface Listener {
  /** Resolves once bound; waits for an address that this machine does not have yet, until the signal aborts. */
  listen(address: ListenAddress, signal: AbortSignal): Promise<number>;
  unlisten(address: ListenAddress): void;
}

/** Keeps a server listening on exactly the wanted addresses. */
export interface Listening {
  /** Opens what is new and ends what is not wanted any more. */
  set(addresses: readonly ListenAddress[]): void;
  /** Resolves when every address was tried once: it is bound, waits for the address to appear, or has a problem. */
  tried(): Promise<void>;
  close(): void;
}

const retryMs = 1_000;
const triedMs = 500;

interface Wanted {
  readonly ending: AbortController;
  tried: boolean;
  cancelRetry: Cancel;
}

/** `onProblem` gets the newest trouble of any address, and null when the last one is over. A port in use is tried again every second. */
export function keepListening(server: Listener, clock: Clock, onProblem: (problem: Failure | null) => void): Listening {
  const wanted = new Map<string, Wanted>();
  const problems = new Map<string, Failure>();
  const tell = (): void => onProblem([...problems.values()].at(-1) ?? null);
  let whenTried = Promise.withResolvers<void>();

  async function open(address: ListenAddress, entry: Wanted): Promise<void> {
    const key = keyOf(address);
    // An address that is merely absent keeps the server waiting, and is nobody's problem.
    const stopWaiting = clock.after(triedMs, () => markTried(entry));
    try {
      await server.listen(address, entry.ending.signal);
      if (problems.delete(key)) tell();
    } catch (error) {
      if (entry.ending.signal.aborted || isAbort(error)) return;
      problems.set(key, asFailure(error));
      tell();
      entry.cancelRetry = clock.after(retryMs, () => void open(address, entry));
    } finally {
      stopWaiting();
      markTried(entry);
    }
  }

  function markTried(entry: Wanted): void {
    entry.tried = true;
    if ([...wanted.values()].every((each) => each.tried)) whenTried.resolve();
  }

  function drop(key: string, address: ListenAddress): void {
    const entry = wanted.get(key);
    wanted.delete(key);
    if (problems.delete(key)) tell();
    entry?.ending.abort(abortError('the address is not wanted any more'));
    entry?.cancelRetry();
    server.unlisten(address);
  }

  let present: readonly ListenAddress[] = [];
  return {
    set: (addresses) => {
      for (const old of present) if (!addresses.some((each) => keyOf(each) === keyOf(old))) drop(keyOf(old), old);
      present = addresses;
      const fresh = addresses.filter((each) => !wanted.has(keyOf(each)));
      if (fresh.length > 0) whenTried = Promise.withResolvers();
      else if (wanted.size === 0) whenTried.resolve();
      const entries = fresh.map((address) => ({ address, entry: { ending: new AbortController(), tried: false, cancelRetry: () => {} } satisfies Wanted }));
      for (const { address, entry } of entries) wanted.set(keyOf(address), entry);
      // A wildcard must be bound before an address that it covers: the other way round, the system refuses it.
      const wildcards = entries.filter(({ address }) => isWildcard(address));
      void Promise.all(wildcards.map(({ address, entry }) => open(address, entry))).then(() => {
        for (const { address, entry } of entries) if (!isWildcard(address) && !entry.ending.signal.aborted) void open(address, entry);
      });
    },
    tried: () => whenTried.promise,
    close: () => {
      for (const address of present) drop(keyOf(address), address);
      present = [];
    },
  };
}

/** Where the mesh API is served: public addresses first, because a wildcard among them serves the mesh addresses too. */
export function apiAddresses({ publicAddresses, meshIpv4, meshIpv6, grpcPort }: NodeConfig): readonly ListenAddress[] {
  return distinct([...publicAddresses, meshIpv4, meshIpv6]).map((host) => ({ host, port: grpcPort }));
}

/** Bare hosts in order, each once. */
export function distinct(ips: readonly (Ip | null)[]): readonly string[] {
  return [...new Set(ips.filter((ip): ip is Ip => ip !== null).map(formatIp))];
}

function isWildcard({ host }: ListenAddress): boolean {
  return parseIp(host)?.value === 0n;
}

function keyOf({ host, port }: ListenAddress): string {
  return `${host} ${port}`;
}
