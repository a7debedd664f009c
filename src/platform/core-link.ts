import { setTimeout as pause } from 'node:timers/promises';
import { type Port } from '../contract/client.ts';
import { failure, isFailure, type FailureCode } from '../base/failure.ts';
import { connect, listen } from './app-socket.ts';

/** A core that runs in this process: serves a port, and ends. */
export interface RunningCore {
  serve(port: Port): void;
  close(): Promise<void>;
}

/** How a shell reaches the core of its home: as its owner, or as a guest of the process that owns it. */
export interface CoreLink {
  readonly kind: 'owner' | 'guest';
  /** Gives this port to the core. */
  open(port: Port): void;
  /** A guest is told when the owner went away. */
  onLost(tell: () => void): void;
  /** Ends the core when it is ours; leaves it alone otherwise. */
  close(): Promise<void>;
}

/** Between taking its lock and binding, and between closing and unlocking, an owner can be neither replaced nor reached. */
const moments = { tries: 50, pauseMs: 100 } as const;

/** Becomes the core of the home whose socket is `path`, or attaches to the one that runs already. */
export async function linkCore(path: string, start: () => Promise<RunningCore>): Promise<CoreLink> {
  for (let left: number = moments.tries; ; left--) {
    const link = (await unless('app.already-running', own(path, start))) ?? (await unless('app.not-running', visit(path)));
    if (link !== undefined) return link;
    if (left === 0) throw failure('app.already-running', { socket: path });
    await pause(moments.pauseMs);
  }
}

/** The result, or undefined when it failed with this code. */
async function unless<T>(code: FailureCode, attempt: Promise<T>): Promise<T | undefined> {
  try {
    return await attempt;
  } catch (error) {
    if (isFailure(error) && error.code === code) return undefined;
    throw error;
  }
}

async function own(path: string, start: () => Promise<RunningCore>): Promise<CoreLink> {
  const starting = Promise.withResolvers<RunningCore>();
  starting.promise.catch(() => {}); // The caller hears of it below; a guest that waits is closed with the socket.
  const socket = await listen(path, (port) => void starting.promise.then((core) => core.serve(port), () => port.close()));
  try {
    const core = await start();
    starting.resolve(core);
    return {
      kind: 'owner',
      open: (port) => core.serve(port),
      onLost: () => {},
      close: async () => {
        await core.close();
        await socket.close();
      },
    };
  } catch (error) {
    starting.reject(error);
    await socket.close();
    throw error;
  }
}

async function visit(path: string): Promise<CoreLink> {
  const watch = await connect(path);
  watch.onMessage(() => {});
  return {
    kind: 'guest',
    open: (port) => relay(port, connect(path)),
    onLost: (tell) => watch.onClose(tell),
    close: async () => watch.close(),
  };
}

/** Messages that a window may send before its connection to the core stands. */
const waitingMax = 256;

/** Joins two ports into one pipe. The second may come later; what the first says meanwhile is kept. */
export function relay(near: Port, coming: Promise<Port>): void {
  const waiting: unknown[] = [];
  let far: Port | undefined;
  let gone = false;
  near.onMessage((message) => {
    if (far !== undefined) far.send(message);
    else if (waiting.length < waitingMax) waiting.push(message);
    else near.close();
  });
  near.onClose(() => {
    gone = true;
    far?.close();
  });
  coming.then(
    (port) => {
      if (gone) return port.close();
      far = port;
      port.onClose(() => near.close());
      port.onMessage((message) => near.send(message));
      for (const message of waiting.splice(0)) port.send(message);
    },
    () => near.close(),
  );
}

/** Two ports in one process: what goes into one comes out of the other, one turn later. */
export function portPair(): [Port, Port] {
  const ends = [end(), end()] as const;
  const join = (near: End, far: End): Port => ({
    send: (message) => {
      if (!near.closed) queueMicrotask(() => far.closed || far.receive(message));
    },
    onMessage: (receive) => {
      near.receive = receive;
    },
    onClose: (tell) => near.tellers.push(tell),
    close: () => {
      for (const { closed, tellers } of [near, far]) if (!closed) queueMicrotask(() => tellers.splice(0).forEach((tell) => tell()));
      near.closed = true;
      far.closed = true;
    },
  });
  return [join(ends[0], ends[1]), join(ends[1], ends[0])];
}

interface End {
  receive: (message: unknown) => void;
  readonly tellers: (() => void)[];
  closed: boolean;
}

function end(): End {
  return { receive: () => {}, tellers: [], closed: false };
}
