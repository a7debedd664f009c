import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { PeerCredentials } from './peer-credentials.ts';

/**
 * Whether somebody who opened a connection to a private socket may use it: root, and the user to whom its folder belongs. Folders alone do
 * not tell apart the node processes of a machine's networks: they run as one user, whose group must make the socket in its folder.
 * Where the kernel names nobody, the folder is what there is; on Windows, where a pipe lies in no folder, nobody is let in then.
 */
export function localPeers(socketPath: string): (peer: PeerCredentials | undefined) => boolean {
  if (process.platform === 'win32') return pipePeers(socketPath);
  if (process.platform !== 'linux') return () => true;
  const owner = statSync(dirname(socketPath)).uid;
  return (peer) => peer === undefined || peer.uid === 0 || peer.uid === owner;
}

/** The helper names a user's folder by the number of the account: `nodes/<number>/<tunnel>/node.sock`. In any other place: administrators alone. */
export function pipePeers(socketPath: string): (peer: PeerCredentials | undefined) => boolean {
  const number = /[\\/]nodes[\\/](\d{1,16})[\\/][^\\/]+[\\/][^\\/]+$/.exec(socketPath)?.[1];
  const owner = number === undefined ? 0 : Number(number);
  return (peer) => peer !== undefined && (peer.uid === 0 || peer.uid === owner);
}
