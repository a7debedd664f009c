import { chmod, lstat, mkdir, rm } from 'node:fs/promises';
import { connect as netConnect, createServer, type Server, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { type Failure, failure, isFailure } from '../base/failure.ts';
import { type Port } from '../contract/client.ts';
import { systemClock } from './clock.ts';
import { tryLock } from './file-lock.ts';
import { storageFailure } from './files.ts';
import { localName } from './local-name.ts';
import { limited } from './message-limits.ts';
import { peerOf } from './peer-credentials.ts';
import { socketPort } from './socket-port.ts';

/** A bound socket. One core per home: whoever holds it is the core. */
export interface AppSocket {
  readonly path: string;
  /** Stops listening, ends every connection and removes the socket. */
  close(): Promise<void>;
}

/** Limits for the socket: connections at once, how long a probe of a silent socket may take, and the longest message that comes in (UTF-16 units). */
export const limits = { connectionsMax: 64, probeMs: 2_000, pathBytesMax: 103, messageMax: 1 << 20 } as const;

/**
 * Binds `path` and hands every connection to `serve` as a port. The socket has mode 0600 in a folder of mode 0700 that is ours, and the
 * kernel says of each connection that it comes from this user, or from root. Messages are bounded in size and number.
 * Fails with app.already-running while another process or another call holds it, and with auth.not-permitted {path, reason} when the folder
 * is a link or somebody else's; a socket that a dead process left behind is replaced.
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

/**
 * Connects to a bound socket. Fails with app.not-running when nobody listens there, and with auth.not-permitted when another user does:
 * what we would say to the app is not for them.
 */
export async function connect(path: string): Promise<Port> {
  checkLength(path);
  const socket = await dial(localName(path));
  if (isOurs(socket)) return socketPort(socket);
  socket.destroy();
  throw notPermitted(path, 'another user answers there');
}

/** True when somebody accepts connections at `path`. */
export async function isAlive(path: string): Promise<boolean> {
  const socket = await dial(localName(path)).catch(() => undefined);
  socket?.destroy();
  return socket !== undefined;
}

/** Who holds the lock beside the socket owns the name, so what lies there under the lock is dead and can go. */
function lock(path: string): () => void {
  const unlock = tryLock(`${path}.lock`);
  if (unlock === undefined) throw failure('app.already-running', { socket: path });
  return unlock;
}

/** Makes the folder, or finds it: a real one, of ours, closed to others before anything is put into it. */
async function privateFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const found = await lstat(folder);
    if (!found.isDirectory()) throw notPermitted(folder, 'it is a link and no folder');
    if (process.platform !== 'win32' && found.uid !== process.geteuid?.()) throw notPermitted(folder, 'it belongs to another user');
    await chmod(folder, 0o700);
  } catch (error) {
    throw isFailure(error) ? error : cannotBind(folder, error);
  }
}

/**
 * Whether the other end is this user, or root, by the word of the kernel. On Linux no word is no: the file modes would still stand, but two
 * locks were promised. macOS is asked in a way that nobody has tried, so there no word leaves it to the modes; Windows has no word at all.
 */
function isOurs(socket: Socket): boolean {
  const uid = peerOf(socket)?.uid;
  if (uid === undefined) return process.platform !== 'linux';
  return uid === process.geteuid?.() || uid === 0;
}

function notPermitted(path: string, reason: string): Failure {
  return failure('auth.not-permitted', { path, reason });
}

async function bind(path: string, serve: (port: Port) => void): Promise<{ close(): Promise<void> }> {
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    if (!server.listening || open.size >= limits.connectionsMax || !isOurs(socket)) return void socket.destroy();
    open.add(socket);
    socket.on('close', () => open.delete(socket));
    serve(limited(socketPort(socket, limits.messageMax), systemClock));
  });
  await rm(path, { force: true }).catch((error: unknown) => {
    throw cannotBind(path, error);
  });
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
    server.listen(localName(path), resolve);
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

/** Unix socket addresses hold 104 bytes on macOS and 108 on Linux; longer ones would be cut off silently or refused. */
function checkLength(path: string): void {
  if (process.platform === 'win32' || Buffer.byteLength(path) <= limits.pathBytesMax) return;
  throw failure('input.invalid', { field: 'home', problem: `the path of the socket is longer than ${limits.pathBytesMax} bytes; choose a shorter home folder` });
}
