import { statSync } from 'node:fs';
import type { Socket } from 'node:net';
import { dirname } from 'node:path';
import { peerOf } from './peer-credentials.ts';

/**
 * Whether somebody who opened a connection to a private socket may use it: root, and the user to whom its folder belongs. Folders alone do
 * not tell apart the node processes of a machine's networks: they run as one user, whose group must make the socket in its folder.
 * Where the kernel names nobody, the folder is what there is.
 */
export function localPeers(socketPath: string): (socket: Socket) => boolean {
  if (process.platform !== 'linux') return () => true;
  const owner = statSync(dirname(socketPath)).uid;
  return (socket) => {
    const peer = peerOf(socket);
    return peer === undefined || peer.uid === 0 || peer.uid === owner;
  };
}
