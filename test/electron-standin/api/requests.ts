import { fromChromium, handledSchemes, schemeOf } from '../addresses.ts';
import { record } from '../unsupported.ts';
import { defaultSession } from './session.ts';

/** What Chromium tells of a request before it is made. */
export interface PausedRequest {
  readonly requestId: string;
  readonly frameId: string;
  readonly resourceType: string;
  readonly request: { readonly url: string; readonly method: string; readonly headers: Record<string, string> };
}

export interface FetchAnswer {
  readonly method: 'Fetch.failRequest' | 'Fetch.fulfillRequest' | 'Fetch.continueRequest';
  readonly params: object;
}

/** Asks the app's request filter, then its protocol handler. What is left may go to this machine only: tests never leave it. */
export async function answerRequest({ request }: PausedRequest): Promise<FetchAnswer> {
  const url = fromChromium(request.url);
  if (!(await defaultSession.allows(url))) return fail('BlockedByClient');
  const handler = handledSchemes.get(schemeOf(url));
  if (handler !== undefined) return fulfil(await answerOf(handler, url, request));
  if (isElsewhere(request.url)) {
    record('request elsewhere', request.url);
    return fail('AddressUnreachable');
  }
  return { method: 'Fetch.continueRequest', params: {} };
}

async function answerOf(handler: (request: Request) => Response | Promise<Response>, url: string, { method, headers }: PausedRequest['request']): Promise<Response> {
  try {
    return await handler(new Request(url, { method, headers }));
  } catch (error) {
    return new Response(String(error), { status: 500 });
  }
}

async function fulfil(response: Response): Promise<FetchAnswer> {
  const body = Buffer.from(await response.arrayBuffer()).toString('base64');
  const responseHeaders = [...response.headers].map(([name, value]) => ({ name, value }));
  return { method: 'Fetch.fulfillRequest', params: { responseCode: response.status, responseHeaders, body } };
}

function fail(errorReason: string): FetchAnswer {
  return { method: 'Fetch.failRequest', params: { errorReason } };
}

function isElsewhere(url: string): boolean {
  return /^https?:/.test(url) && !['127.0.0.1', 'localhost', '[::1]'].includes(new URL(url).hostname);
}
