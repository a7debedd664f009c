import { asFailure } from '../../base/failure.ts';
import { type Log } from '../../base/log.ts';
import { type HttpAnswer, type HttpPage } from '../path-ports.ts';

export interface PageOptions {
  readonly path: string;
  readonly type: string;
  mayRead(source: string): boolean;
  text(): Promise<string>;
  readonly log: Log;
}

const plain = { 'content-type': 'text/plain; charset=utf-8' };
const refused: HttpAnswer = { status: 403, headers: plain, body: 'Only members of the mesh may read this.\n' };
const elsewhere: HttpAnswer = { status: 404, headers: plain, body: 'Nothing here.\n' };
const notRead: HttpAnswer = { status: 405, headers: { ...plain, allow: 'GET, HEAD' }, body: 'This can only be read.\n' };
const unavailable: HttpAnswer = { status: 503, headers: plain, body: 'The figures cannot be read now.\n' };

/**
 * One page of text. The reader is asked about at each request again: a connection may outlive a membership. Readers that come while the text
 * is made share it, so any number of them cost one look at the machine at a time.
 */
export function createPage({ path, type, mayRead, text, log }: PageOptions): HttpPage {
  let making: Promise<HttpAnswer> | null = null;

  async function make(): Promise<HttpAnswer> {
    try {
      return { status: 200, headers: { 'content-type': type, 'cache-control': 'no-store' }, body: await text() };
    } catch (error) {
      log.warn('not-readable', { failure: asFailure(error) });
      return unavailable;
    } finally {
      making = null;
    }
  }

  return {
    admits: mayRead,
    answer: async (request) => {
      if (!mayRead(request.source)) return refused;
      if (request.path !== path) return elsewhere;
      if (request.method !== 'GET' && request.method !== 'HEAD') return notRead;
      return await (making ??= make());
    },
  };
}
