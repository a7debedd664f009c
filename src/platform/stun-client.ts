import { type Socket } from 'node:dgram';
import { type Clock, sleep } from '../base/clock.ts';
import { parseIp } from '../base/ip.ts';
import { type StunAnswer, type StunProbe } from '../node/path-ports.ts';
import { checkHairpin } from './hairpin.ts';
import { bindingRequest, decodeStun } from './stun-message.ts';
import { addressOf, parseServerUrl } from './stun-url.ts';
import { closeUdp, openUdp, sendTo } from './udp-socket.ts';

const serversMax = 16;
/** Again after so long, doubling; a lost datagram costs one of these (RFC 8489 section 6.2.1 begins with 500 ms, made for slower lines). */
const againMs = 150;

interface Asked {
  readonly server: string;
  readonly host: string;
  readonly port: number;
  readonly bytes: Buffer;
  readonly transaction: string;
  sentMs: number;
  answer: { readonly mapped: string; readonly roundTripMs: number } | null;
}

/** Asks STUN servers from where they see one fresh socket. */
export function createStunProbe(clock: Clock): StunProbe {
  async function ask(servers: readonly string[], { family, timeoutMs }: { readonly family: 4 | 6; readonly timeoutMs: number }, signal: AbortSignal): Promise<readonly StunAnswer[]> {
    signal.throwIfAborted();
    const wanted = servers.slice(0, serversMax);
    const nothing = (localPort: number): StunAnswer[] => wanted.map((server) => ({ server, mapped: null, roundTripMs: null, localPort }));
    const socket = await openUdp({ family }).catch(() => null);
    if (!socket) return nothing(0);
    const localPort = socket.address().port;
    try {
      const asked = (await Promise.all(wanted.map((server) => question(server, family)))).filter((each) => each !== null);
      await answered(socket, asked, timeoutMs, signal);
      const byServer = new Map(asked.map((each) => [each.server, each.answer]));
      return nothing(localPort).map((each) => ({ ...each, ...byServer.get(each.server) }));
    } finally {
      closeUdp(socket);
    }
  }

  /** Sends what is unanswered again and again until all of it is, or the time is over. */
  async function answered(socket: Socket, asked: readonly Asked[], timeoutMs: number, signal: AbortSignal): Promise<void> {
    const all = new AbortController();
    const either = AbortSignal.any([signal, all.signal]);
    socket.on('message', (bytes, from) => {
      hear(asked, bytes, from);
      if (asked.every(({ answer }) => answer !== null)) all.abort();
    });
    const endMs = clock.monotonicMs() + timeoutMs;
    for (let waitMs = againMs; asked.some(({ answer }) => answer === null) && clock.monotonicMs() < endMs; waitMs *= 2) {
      for (const each of asked) {
        if (each.answer) continue;
        each.sentMs = clock.monotonicMs();
        sendTo(socket, each.bytes, each.port, each.host);
      }
      await sleep(clock, Math.min(waitMs, endMs - clock.monotonicMs()), either).catch(() => {});
      signal.throwIfAborted();
    }
  }

  function hear(asked: readonly Asked[], bytes: Buffer, from: { readonly address: string; readonly port: number }): void {
    const message = decodeStun(bytes);
    const each = message?.kind === 'success' ? asked.find(({ transaction }) => transaction === message.transaction) : undefined;
    if (!each || each.answer || !message?.mapped || each.port !== from.port || !sameHost(each.host, from.address)) return;
    each.answer = { mapped: message.mapped, roundTripMs: clock.monotonicMs() - each.sentMs };
  }

  return { ask, hairpin: (server, signal) => checkHairpin(clock, server, signal) };
}

/** One question for each server; every repetition is the same datagram, so that a late answer still counts. */
async function question(server: string, family: 4 | 6): Promise<Asked | null> {
  const url = parseServerUrl(server);
  const host = url && (await addressOf(url.host, family));
  return url && host ? { server, host, port: url.port, ...bindingRequest(), sentMs: 0, answer: null } : null;
}

function sameHost(a: string, b: string): boolean {
  return parseIp(a)?.value === parseIp(b)?.value;
}
