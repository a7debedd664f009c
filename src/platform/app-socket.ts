import { createHash } from 'node:crypto';
import { chmod, mkdir, rm } from 'node:fs/promises';
import { connect as netConnect, createServer, type Server, type Socket } from 'node:net';
import { basename, dirname } from 'node:path';
import { type Failure, failure } from '../base/failure.ts';
import { type Port } from '../contract/client.ts';
import { tryLock } from './file-lock.ts';
import { storageFailure } from './files.ts';
import { socketPort } from './socket-port.ts';

/** A bound socket. One core per home: whoever holds it is the core. */
export interface AppSocket {
  readonly path: string;
  /** Stops listening, ends every connection and removes the socket. */
  close(): Promise<void>;
}

/** Limits for the socket: connections at once, and how long a probe of a silent socket may take. */
export const limits = { connectionsMax: 64, probeMs: 2_000, pathBytesMax: 103 } as const;

/**
 * Binds `path` and hands every connection to `serve` as a port. The socket has mode 0600 in a folder of mode 0700.
 * Fails with app.already-running while another process or another call holds it; a socket that a dead process left behind is replaced.
 */
export async function listen(path: string, serve: (port: Port) => void): Promise<AppSocket> {
  checkLength(path);
  await privateFolder(dirname(path));
  const unlock = lock(path);
  try {
    const listener = await bind(path, serve);
    return {
      path,
      close: async () => {
        await listener.close();
        unlock();
      },
    };
  } catch (error) {
    unlock();
    throw error;
  }
}

/** Connects to a bound socket. Fails with app.not-running when nobody listens there. */
export async function connect(path: string): Promise<Port> {
  checkLength(path);
  return socketPort(await dial(endpoint(path)));
}

/** True when somebody accepts connections at `path`. */
export async function isAlive(path: string): Promise<boolean> {
  const socket = await dial(endpoint(path)).catch(() => undefined);
  socket?.destroy();
  return socket !== undefined;
}

/** Who holds the lock beside the socket owns the name, so what lies there under the lock is dead and can go. */
function lock(path: string): () => void {
  const unlock = tryLock(`${path}.lock`);
  if (unlock === undefined) throw failure('app.already-running', { socket: path });
  return unlock;
}

async function privateFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await chmod(folder, 0o700);
  } catch (error) {
    throw cannotBind(folder, error);
  }
}

async function bind(path: string, serve: (port: Port) => void): Promise<{ close(): Promise<void> }> {
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    if (!server.listening || open.size >= limits.connectionsMax) return void socket.destroy();
    open.add(socket);
    socket.on('close', () => open.delete(socket));
    serve(socketPort(socket));
  });
  await rm(path, { force: true });
  await listening(server, path);
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of open) socket.destroy();
      }),
  };
}

async function listening(server: Server, path: string): Promise<void> {
  // The folder is closed to others already, so the moment between bind and chmod shows the socket to nobody.
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(cannotBind(path, error)));
    server.listen(endpoint(path), resolve);
  });
  if (process.platform !== 'win32') await chmod(path, 0o600);
}

function cannotBind(path: string, error: unknown): Failure {
  const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
  return code === 'EADDRINUSE' ? failure('app.already-running', { socket: path }, error) : storageFailure(error, path);
}

function dial(at: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = netConnect(at);
    socket.setTimeout(limits.probeMs, () => socket.destroy(new Error('the socket did not answer')));
    socket.once('error', (error) => reject(failure('app.not-running', { socket: at }, error)));
    socket.once('connect', () => {
      socket.setTimeout(0);
      resolve(socket);
    });
  });
}

/** A pipe name for Windows, made from the path so that each home has its own; the path itself elsewhere. */
function endpoint(path: string): string {
  if (process.platform !== 'win32') return path;
  return `\\\\.\\pipe\\webmesh-${createHash('sha256').update(path.toLowerCase()).digest('hex').slice(0, 24)}-${basename(path)}`;
}

/** Unix socket addresses hold 104 bytes on macOS and 108 on Linux; longer ones would be cut off silently or refused. */
function checkLength(path: string): void {
  if (process.platform === 'win32' || Buffer.byteLength(path) <= limits.pathBytesMax) return;
  throw failure('input.invalid', { field: 'home', problem: `the path of the socket is longer than ${limits.pathBytesMax} bytes; choose a shorter home folder` });
}
