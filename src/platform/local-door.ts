import { type Server, type Socket, createServer } from 'node:net';
import { createDoorShares, doorLimits } from './door-shares.ts';
import { bindUnix } from './grpc-listen.ts';
import { type PeerCredentials, peerOf } from './peer-credentials.ts';
import { localName } from './local-name.ts';
import { openPipeDoor } from './windows-pipe.ts';

/** A unix socket, or a pipe on Windows, whose every connection is known before a byte of it is read. */
export interface LocalDoor {
  /** Opens no more; connections that stand go on. */
  close(): void;
}

/**
 * Listens on `path` with the file mode, and gives each connection with what the kernel says of who made it: undefined when it says
 * nothing. On Windows a pipe takes the place of the path, with an access list of its own. Whoever gets it closes what it does not want. Throws as bindUnix does.
 */
export async function openLocalDoor(path: string, mode: number, enter: (socket: Socket, peer: PeerCredentials | undefined) => void): Promise<LocalDoor> {
  if (process.platform === 'win32') return openPipeDoor(localName(path), enter);
  const share = createDoorShares(doorLimits);
  const server: Server = createServer((socket) => {
    const peer = peerOf(socket);
    if (!share(socket, peer?.uid)) return void socket.destroy();
    socket.on('error', () => {});
    enter(socket, peer);
  });
  await bindUnix(server, path, mode);
  return { close: () => server.close() };
}
