import { abortError } from '../../base/abort.ts';
import { type Clock, sleep } from '../../base/clock.ts';
import { RpcError, status } from '../../base/rpc.ts';
import { type FailureCode } from '../../base/failure.ts';
import { type ByteStream, type ForwardSockets } from '../path-ports.ts';
import { openFlow, strangerHoldMs } from './client-flow.ts';
import { type Target } from './destinations.ts';
import { type Flow } from './flow.ts';
import { type Link } from './link.ts';
import { type LinkPool } from './link-pool.ts';
import { type Pipe, pipe } from './pipe.ts';

export interface ForwardPorts {
  readonly sockets: ForwardSockets;
  readonly pool: LinkPool;
  readonly clock: Clock;
}

/** Where it listens. Port 0: any free one. */
export interface LocalEnd {
  readonly host: string;
  readonly port: number;
}

export interface Forward {
  readonly port: number;
  readonly figures: Figures;
  /** Resolves when the first attempt to reach the far node has ended, well or not. */
  readonly tried: Promise<void>;
  close(): void;
}

export interface Figures {
  readonly connections: number;
  readonly sentBytes: number;
  readonly receivedBytes: number;
  readonly problem: { readonly code: FailureCode; readonly words: string } | null;
}

/** A program that connected waits so long for a connection to the far node. */
const patienceMs = 10_000;
const againMs = { first: 500, last: 30_000 } as const;
export const idleMs = 60_000;
export const flowsMax = 256;

/** Listens here and carries to `target` at `peer`. Goes on listening whatever happens to the connection. Rejects as ForwardSockets. */
export async function openForward(peer: string, target: Target, local: LocalEnd, ports: ForwardPorts, changed: () => void): Promise<Forward> {
  const { sockets, pool, clock } = ports;
  const stop = new AbortController();
  const tried = Promise.withResolvers<void>();
  const streams = new Set<{ close(): void }>();
  let figures: Figures = { connections: 0, sentBytes: 0, receivedBytes: 0, problem: null };
  let link: Link | null = null;
  let linked = Promise.withResolvers<Link>();
  linked.promise.catch(() => {});

  const set = (change: Partial<Figures>): void => {
    figures = { ...figures, ...change };
    changed();
  };
  const count = (sent: number, received: number): void => set({ sentBytes: figures.sentBytes + sent, receivedBytes: figures.receivedBytes + received });
  const track = (stream: { close(): void }): (() => void) => {
    streams.add(stream);
    set({ connections: streams.size });
    return () => {
      if (streams.delete(stream)) set({ connections: streams.size });
    };
  };
  const refused = (words: string): void => set({ problem: { code: 'mesh.refused', words } });

  const isRefused = (): boolean => figures.problem?.code === 'auth.not-permitted' || figures.problem?.code === 'auth.unauthenticated';

  /** Keeps a connection, so that programs do not wait for one. */
  async function keep(): Promise<void> {
    let waitMs: number = againMs.first;
    while (!stop.signal.aborted) {
      try {
        link = await pool.link(peer, target, stop.signal);
        waitMs = againMs.first;
        set({ problem: null });
        linked.resolve(link);
        tried.resolve();
        await Promise.race([link.ended, abortOf(stop.signal)]);
        set({ problem: { code: 'mesh.unreachable', words: 'the connection to the node ended' } });
      } catch (error) {
        if (stop.signal.aborted) return;
        set({ problem: problemOf(error) });
        tried.resolve();
      }
      link = null;
      if (isRefused()) linked.reject(new Error('the node refuses'));
      linked = Promise.withResolvers<Link>();
      linked.promise.catch(() => {});
      await sleep(clock, waitMs, stop.signal);
      waitMs = Math.min(2 * waitMs, againMs.last);
    }
  }

  async function linkNow(): Promise<Link> {
    if (link?.alive) return link;
    // Waiting would not help: the node there says no.
    if (isRefused()) throw new Error('the node refuses');
    const late = Promise.withResolvers<never>();
    const cancel = clock.after(patienceMs, () => late.reject(new Error('no connection in time')));
    try {
      return await Promise.race([linked.promise, late.promise]);
    } finally {
      cancel();
    }
  }

  async function carry(stream: ByteStream): Promise<void> {
    const early = { close: stream.destroy };
    let untrack = track(early);
    try {
      const to = await linkNow();
      let ends: Pipe | undefined;
      const opened = to.open(target, (frame) => {
        if (frame.kind === 'refused') refused(frame.problem);
        ends?.hear(frame);
      });
      untrack();
      if (!opened) return stream.destroy();
      ends = pipe({ stream, ...opened, holdMs: opened.say ? 0 : strangerHoldMs, clock, count, closed: () => untrack() });
      untrack = track(ends);
    } catch {
      untrack();
      stream.destroy();
    }
  }

  const flows = new Map<string, Flow & { usedMs: number }>();
  function datagram(bytes: Uint8Array, from: string, answer: (bytes: Uint8Array) => void): void {
    let held = flows.get(from);
    if (!held) {
      if (!link?.alive || flows.size >= flowsMax) return;
      let untrack = (): void => {};
      const made = openFlow(link, target, clock, {
        receive: (each) => {
          const own = flows.get(from);
          if (own) own.usedMs = clock.monotonicMs();
          count(0, each.length);
          answer(each);
        },
        refused,
        closed: () => {
          flows.delete(from);
          untrack();
        },
      });
      if (!made) return;
      held = Object.assign(made, { usedMs: 0 });
      flows.set(from, held);
      untrack = track(held);
    }
    held.usedMs = clock.monotonicMs();
    if (held.send(bytes)) count(bytes.length, 0);
  }

  async function forgetIdle(): Promise<void> {
    for (;;) {
      await sleep(clock, idleMs / 6, stop.signal);
      for (const held of [...flows.values()]) if (clock.monotonicMs() - held.usedMs >= idleMs) held.close();
    }
  }

  async function listen(): Promise<{ readonly port: number; close(): void }> {
    if (target.protocol === 'tcp') return sockets.listenTcp(local.host, local.port, (stream) => void carry(stream));
    const socket = await sockets.openUdp(local.host, local.port, (bytes, from) => datagram(bytes, from, (answer) => socket.send(answer, from)));
    return socket;
  }

  const listener = await listen();
  keep().catch(() => {});
  if (target.protocol === 'udp') forgetIdle().catch(() => {});
  return {
    port: listener.port,
    get figures() {
      return figures;
    },
    tried: tried.promise,
    close: () => {
      if (stop.signal.aborted) return;
      stop.abort(abortError('the forward was closed'));
      tried.resolve();
      listener.close();
      for (const stream of [...streams]) stream.close();
    },
  };
}

function abortOf(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => (signal.aborted ? resolve() : signal.addEventListener('abort', () => resolve(), { once: true })));
}

function problemOf(error: unknown): NonNullable<Figures['problem']> {
  const words = error instanceof Error ? error.message.slice(0, 200) : String(error);
  if (!(error instanceof RpcError)) return { code: 'mesh.unreachable', words };
  const codes: Partial<Record<number, FailureCode>> = {
    [status.permissionDenied]: 'auth.not-permitted', [status.unauthenticated]: 'auth.unauthenticated', [status.notFound]: 'mesh.not-found',
    [status.resourceExhausted]: 'mesh.busy', [status.deadlineExceeded]: 'mesh.timeout', [status.unimplemented]: 'mesh.incompatible',
    [status.invalidArgument]: 'mesh.refused', [status.failedPrecondition]: 'mesh.refused',
  };
  return { code: codes[error.code] ?? 'mesh.unreachable', words };
}
