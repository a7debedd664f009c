import { randomBytes } from 'node:crypto';
import { type Socket } from 'node:dgram';
import { type Clock, sleep } from '../base/clock.ts';
import { splitHostPort } from '../base/ip.ts';
import { bindingRequest, decodeStun } from './stun-message.ts';
import { addressOf, parseServerUrl } from './stun-url.ts';
import { closeUdp, openUdp, sendTo } from './udp-socket.ts';

const roundMs = 200;
const rounds = 4;

/**
 * Whether the router passes on what this machine sends to its own outside address (RFC 4787, section 6): two sockets learn where a STUN server
 * sees them, and greet each other there. Null: no server answered, so nothing can be said. At most about 1.6 s.
 */
export async function checkHairpin(clock: Clock, server: string, signal: AbortSignal): Promise<boolean | null> {
  const url = parseServerUrl(server);
  const host = url && (await addressOf(url.host, 4));
  if (!url || !host) return null;
  const sockets = await Promise.all([openUdp({ family: 4 }), openUdp({ family: 4 })]);
  try {
    const mapped = await Promise.all(sockets.map((socket) => mappedOf(clock, socket, host, url.port, signal)));
    const ends = mapped.flatMap((each) => (each ? splitHostPort(each) ?? [] : []));
    return ends.length === 2 ? await greet(clock, sockets, ends, signal) : null;
  } finally {
    for (const socket of sockets) closeUdp(socket);
  }
}

async function mappedOf(clock: Clock, socket: Socket, host: string, port: number, signal: AbortSignal): Promise<string | null> {
  const { bytes, transaction } = bindingRequest();
  const answered = new AbortController();
  let mapped: string | null = null;
  const hear = (reply: Buffer): void => {
    const message = decodeStun(reply);
    if (message?.kind !== 'success' || message.transaction !== transaction) return;
    mapped = message.mapped;
    answered.abort();
  };
  socket.on('message', hear);
  for (let round = 0; round < rounds && mapped === null; round++) {
    sendTo(socket, bytes, port, host);
    await sleep(clock, roundMs, AbortSignal.any([signal, answered.signal])).catch(() => {});
    signal.throwIfAborted();
  }
  socket.off('message', hear);
  return mapped;
}

async function greet(clock: Clock, sockets: readonly Socket[], ends: readonly { readonly host: string; readonly port: number }[], signal: AbortSignal): Promise<boolean> {
  const greeting = randomBytes(16);
  const arrived = new AbortController();
  for (const socket of sockets) socket.on('message', (bytes) => (bytes.equals(greeting) ? arrived.abort() : undefined));
  for (let round = 0; round < rounds && !arrived.signal.aborted; round++) {
    // Each greets the other's outside, so that a filter that wants to have heard of an end has.
    sockets.forEach((socket, i) => {
      const other = ends[1 - i];
      if (other) sendTo(socket, greeting, other.port, other.host);
    });
    await sleep(clock, roundMs, AbortSignal.any([signal, arrived.signal])).catch(() => {});
    signal.throwIfAborted();
  }
  return arrived.signal.aborted;
}
