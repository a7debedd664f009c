import { type Clock, sleep } from '../base/clock.ts';
import { joinHostPort, parseIp, splitHostPort } from '../base/ip.ts';
import { type Candidate } from './ice-candidate.ts';
import { type IceSocket } from './ice-socket.ts';
import { bindingRequest, type StunMessage } from './stun-message.ts';
import { addressOf, parseServerUrl } from './stun-url.ts';

const stunServersMax = 4;
const againMs = 150;

interface Question {
  readonly socket: IceSocket;
  readonly host: string;
  readonly port: number;
  readonly bytes: Buffer;
  readonly transaction: string;
  mapped: string | null;
}

/** Where STUN servers see the sockets of one agent (RFC 8445, section 5.1.1.2). The library would ask them too, but breaks on one of another family. */
export interface Gathering {
  /** Ends when all answered, or after `gatherMs`. Rejects with the signal's reason. */
  run(servers: readonly string[], gatherMs: number, signal: AbortSignal): Promise<void>;
  /** True: it was the answer to a question of ours. */
  hear(message: StunMessage): boolean;
  /** `ip:port` and nothing twice. */
  found(): readonly string[];
}

export function gathering(clock: Clock, sockets: readonly IceSocket[]): Gathering {
  let questions: readonly Question[] = [];
  let answered = new AbortController();
  const isDone = (): boolean => questions.every(({ mapped }) => mapped !== null);
  return {
    run: async (servers, gatherMs, signal) => {
      questions = (await Promise.all(sockets.map((socket) => ask(socket, servers)))).flat();
      answered = new AbortController();
      const endMs = clock.monotonicMs() + gatherMs;
      for (let waitMs = againMs; !isDone() && clock.monotonicMs() < endMs; waitMs *= 2) {
        for (const { socket, bytes, port, host, mapped } of questions) if (mapped === null) socket.send(bytes, port, host);
        await sleep(clock, Math.min(waitMs, endMs - clock.monotonicMs()), AbortSignal.any([signal, answered.signal])).catch(() => {});
        signal.throwIfAborted();
      }
    },
    hear: (message) => {
      const question = questions.find(({ transaction }) => transaction === message.transaction);
      if (!question || message.kind !== 'success') return question !== undefined;
      question.mapped = message.mapped;
      if (isDone()) answered.abort();
      return true;
    },
    found: () => [...new Set(questions.flatMap(({ mapped }) => mapped ?? []))],
  };
}

async function ask(socket: IceSocket, servers: readonly string[]): Promise<Question[]> {
  const urls = servers.flatMap((server) => parseServerUrl(server) ?? []);
  const known = await Promise.all(urls.map(async ({ host, port }) => ({ host: await addressOf(host, socket.family), port })));
  return known.flatMap(({ host, port }) => (host === null ? [] : [{ socket, host, port, ...bindingRequest(), mapped: null }])).slice(0, stunServersMax);
}

/** A reflexive candidate as the peer is told of it; lower than any host candidate (RFC 8445, section 5.1.2.1). */
export function reflexive(mapped: string, index: number): Candidate | null {
  const at = splitHostPort(mapped);
  if (!at || !parseIp(at.host)) return null;
  return { foundation: `s${index}`, priority: 2 ** 24 * 100 + 2 ** 8 * (65_535 - index) + 255, ip: at.host, port: at.port, type: 'srflx' };
}

export function sameEndpoint({ ip, port }: Pick<Candidate, 'ip' | 'port'>, endpoint: string): boolean {
  return joinHostPort(ip, port) === endpoint;
}
