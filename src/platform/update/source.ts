import { request as requestHttp, type IncomingMessage } from 'node:http';
import { request as requestHttps } from 'node:https';
import { isAbort } from '../../base/abort.ts';
import type { Cancel, Clock } from '../../base/clock.ts';
import { failure, isFailure } from '../../base/failure.ts';
import { updateLimits } from './limits.ts';

export interface ReadLimits {
  readonly bytesMax: number;
  /** For all of it. */
  readonly deadlineMs: number;
}

/** Where updates lie. */
export interface UpdateSource {
  /**
   * The bytes of one file below the address, as they come. Answers undefined when there is none (403, 404). Rejects, also between two bytes,
   * with update.too-large (one byte more than allowed) or update.unreachable (nobody, too slow, a redirect, any other answer).
   */
  read(path: string, limits: ReadLimits, signal: AbortSignal): Promise<AsyncIterable<Buffer> | undefined>;
}

/**
 * A release address: https, or http on a loopback address, which is for tests. Returns undefined for anything else.
 * Credentials, queries and fragments have no place in it.
 */
export function releaseAddress(text: string): URL | undefined {
  const url = URL.parse(text.endsWith('/') ? text : `${text}/`);
  if (url === null || url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') return undefined;
  const loopback = url.hostname === '127.0.0.1' || url.hostname === '[::1]';
  return url.protocol === 'https:' || (url.protocol === 'http:' && loopback) ? url : undefined;
}

/** Reads from a web server. It is told nothing but the path: no version, no name, no cookie. Redirects are not followed. */
export function httpSource(address: URL, clock: Clock): UpdateSource {
  return {
    read: async (path, limits, signal) => {
      const ending = new AbortController();
      const guard = deadlines(clock, limits.deadlineMs, ending, signal);
      const reasonOf = (error: unknown): unknown => (ending.signal.aborted ? ending.signal.reason : isFailure(error) || isAbort(error) ? error : unreachable(address, codeOf(error), error));
      try {
        const response = await ask(new URL(path, address), ending.signal);
        guard.alive();
        if (response.statusCode === 404 || response.statusCode === 403) {
          ending.abort(unreachable(address, 'not there'));
          guard.end();
          return undefined;
        }
        checkHead(response, address, path, limits.bytesMax);
        return body(response, path, limits.bytesMax, guard, ending, reasonOf);
      } catch (error) {
        const reason = reasonOf(error);
        ending.abort(reason);
        guard.end();
        throw reason;
      }
    },
  };
}

interface Deadlines {
  /** Something arrived. */
  alive(): void;
  end(): void;
}

function deadlines(clock: Clock, deadlineMs: number, ending: AbortController, outer: AbortSignal): Deadlines {
  const late = (): void => ending.abort(failure('update.unreachable', { reason: 'too slow' }));
  const pass = (): void => ending.abort(outer.reason);
  let stall: Cancel = clock.after(updateLimits.stallMs, late);
  const whole = clock.after(deadlineMs, late);
  outer.addEventListener('abort', pass, { once: true });
  if (outer.aborted) pass();
  return {
    alive: () => {
      stall();
      stall = clock.after(updateLimits.stallMs, late);
    },
    end: () => {
      stall();
      whole();
      outer.removeEventListener('abort', pass);
    },
  };
}

function ask(url: URL, signal: AbortSignal): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const request = url.protocol === 'https:' ? requestHttps : requestHttp;
    request(url, { agent: false, signal, minVersion: 'TLSv1.2', headers: { accept: '*/*', 'accept-encoding': 'identity', connection: 'close' } })
      .on('response', resolve)
      .on('error', reject)
      .end();
  });
}

function checkHead({ statusCode = 0, headers }: IncomingMessage, address: URL, path: string, bytesMax: number): void {
  if (statusCode >= 300 && statusCode < 400) throw unreachable(address, 'it sends us elsewhere');
  if (statusCode !== 200) throw unreachable(address, `it answers ${statusCode}`);
  if ((headers['content-encoding'] ?? 'identity') !== 'identity') throw unreachable(address, 'it answers in another encoding');
  if (Number(headers['content-length'] ?? 0) > bytesMax) throw failure('update.too-large', { file: path, bytesMax });
}

async function* body(response: IncomingMessage, file: string, bytesMax: number, guard: Deadlines, ending: AbortController, reasonOf: (error: unknown) => unknown): AsyncGenerator<Buffer> {
  let bytes = 0;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      guard.alive();
      bytes += chunk.length;
      if (bytes > bytesMax) throw failure('update.too-large', { file, bytesMax });
      yield chunk;
    }
  } catch (error) {
    throw reasonOf(error);
  } finally {
    guard.end();
    response.destroy();
    ending.abort();
  }
}

function unreachable(address: URL, reason: string, cause?: unknown): Error {
  return failure('update.unreachable', { address: address.host, reason }, cause);
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'the connection broke';
}
