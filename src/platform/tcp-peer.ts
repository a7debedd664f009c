import { readFile } from 'node:fs/promises';
import { endianness } from 'node:os';

/** The two ends of a connection over 127.0.0.1, as the one who asks sees them. */
export interface LoopbackConnection {
  readonly localPort: number;
  readonly remotePort: number;
}

/** The kernel's tables of TCP sockets (proc(5)); a program that speaks IPv6 reaches 127.0.0.1 by a mapped address. */
const tables = ['/proc/net/tcp', '/proc/net/tcp6'] as const;
const loopback = endianness() === 'LE' ? '0100007F' : '7F000001';

/**
 * The user who holds the other end of a connection over loopback, by the word of the kernel. Undefined where the system has no such table,
 * or the connection is not in it. Linux only: elsewhere nobody can be asked without more rights than ours.
 */
export async function loopbackPeerUid(connection: LoopbackConnection): Promise<number | undefined> {
  for (const table of tables) {
    const uid = uidIn(await readFile(table, 'latin1').catch(() => ''), connection);
    if (uid !== undefined) return uid;
  }
  return undefined;
}

/** Pure: the socket whose own end is the remote one of ours. Its fields: number, local, remote, state, queues, timers, retransmits, uid. */
export function uidIn(table: string, { localPort, remotePort }: LoopbackConnection): number | undefined {
  const end = (port: number): string => `${loopback}:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const [theirs, ours] = [end(remotePort), end(localPort)];
  for (const line of table.split('\n')) {
    const fields = line.trim().split(/\s+/);
    if (fields[1]?.endsWith(theirs) && fields[2]?.endsWith(ours)) return Number(fields[7]);
  }
  return undefined;
}

/** Who may use what this process serves on loopback: its own user and root; and, when root was borrowed with sudo, who borrowed it. */
export function mayUse(uid: number, env: NodeJS.ProcessEnv = process.env): boolean {
  const own = process.geteuid?.();
  return uid === own || uid === 0 || (own === 0 && env.SUDO_UID !== undefined && /^\d+$/.test(env.SUDO_UID) && uid === Number(env.SUDO_UID));
}
