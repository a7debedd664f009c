import { type Socket } from 'node:dgram';
import { type Cancel, type Clock } from '../base/clock.ts';
import { formatIp, joinHostPort, parseIp } from '../base/ip.ts';
import { type Random } from '../base/random.ts';
import { type EchoPort } from '../node/path-ports.ts';
import { echoBytesMin, echoKindOf, echoReply, echoRequest, nonceOf } from './echo-message.ts';
import { shares } from './echo-shares.ts';
import { closeUdp, openUdp, sendTo } from './udp-socket.ts';

/** Questions of ours that wait for an answer; the next one is told `null` at once. */
const waitingMax = 1_024;
const bytesMax = 16_384;

/**
 * Echoes between nodes. A question is answered by as many bytes as it had, to where it came from, and only so often for one source: whoever
 * forges an address gains nothing. The answer must carry the 16 random bytes of its question, so nobody can answer what he did not get.
 */
export function createEchoPort({ clock, random }: { readonly clock: Clock; readonly random: Random }): EchoPort {
  const listening = new Map<string, Socket>();
  const asking = new Map<4 | 6, Promise<Socket>>();
  const waiting = new Map<string, (ms: number) => void>();
  const share = shares(clock);
  let closed = false;
  let turn: Promise<void> = Promise.resolve();

  function heard(socket: Socket, bytes: Buffer, from: { readonly address: string; readonly port: number }): void {
    const kind = echoKindOf(bytes);
    if (kind === 'reply') return waiting.get(nonceOf(bytes))?.(clock.monotonicMs());
    if (kind === 'request' && bytes.length <= bytesMax && share.take(from.address)) sendTo(socket, echoReply(bytes), from.port, from.address);
  }

  async function listen(addresses: readonly string[], port: number): Promise<void> {
    const wanted = new Map(addresses.flatMap((address) => {
      const ip = parseIp(address);
      return ip ? [[joinHostPort(formatIp(ip), port), ip] as const] : [];
    }));
    for (const [end, socket] of [...listening]) {
      if (wanted.has(end)) continue;
      listening.delete(end);
      closeUdp(socket);
    }
    let failed: unknown;
    for (const [end, ip] of wanted) {
      if (closed || listening.has(end)) continue;
      try {
        const socket = await openUdp({ family: ip.family, host: formatIp(ip), port });
        if (closed) closeUdp(socket);
        else listening.set(end, socket.on('message', (bytes, from) => heard(socket, bytes, from)));
      } catch (error) {
        failed ??= error;
      }
    }
    if (failed !== undefined) throw failed;
  }

  /** One socket for all questions of a family: the system picks the address that the other end knows us by. */
  function askingSocket(family: 4 | 6): Promise<Socket> {
    const known = asking.get(family);
    if (known) return known;
    const opening = openUdp({ family }).then((socket) => {
      if (closed) closeUdp(socket);
      return socket.on('message', (bytes, from) => heard(socket, bytes, from));
    });
    asking.set(family, opening);
    opening.catch(() => asking.delete(family));
    return opening;
  }

  async function ping(address: string, port: number, { bytes, timeoutMs }: { readonly bytes: number; readonly timeoutMs: number }, signal: AbortSignal): Promise<number | null> {
    const ip = parseIp(address);
    if (closed || !ip || waiting.size >= waitingMax) return null;
    const socket = await askingSocket(ip.family).catch(() => null);
    signal.throwIfAborted();
    if (!socket || closed) return null;
    const question = echoRequest(random, Math.min(Math.max(bytes, echoBytesMin), bytesMax));
    return answerTo(nonceOf(question), timeoutMs, signal, () => sendTo(socket, question, port, formatIp(ip)));
  }

  function answerTo(nonce: string, timeoutMs: number, signal: AbortSignal, send: () => void): Promise<number | null> {
    return new Promise((resolve, reject) => {
      let late: Cancel = () => {};
      const end = (settle: () => void): void => {
        waiting.delete(nonce);
        late();
        signal.removeEventListener('abort', abort);
        settle();
      };
      const abort = (): void => end(() => reject(signal.reason));
      const startedMs = clock.monotonicMs();
      waiting.set(nonce, (atMs) => end(() => resolve(atMs - startedMs)));
      late = clock.after(timeoutMs, () => end(() => resolve(null)));
      signal.addEventListener('abort', abort, { once: true });
      send();
    });
  }

  return {
    listen: (addresses, port) => {
      const next = turn.then(() => listen(addresses, port));
      turn = next.catch(() => {}); // Told to who asked; the next one starts anew.
      return next;
    },
    ping,
    close: () => {
      closed = true;
      for (const socket of listening.values()) closeUdp(socket);
      listening.clear();
      for (const opening of asking.values()) void opening.then(closeUdp, () => {});
      asking.clear();
    },
  };
}
