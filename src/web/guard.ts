import { pageFile } from '../contract/page-policy.ts';
import { type Tickets } from './tickets.ts';

/** What the guard looks at: the request line and the headers that browsers do not let a page forge. */
export interface Knock {
  readonly method: string;
  readonly url: string;
  readonly host: string | undefined;
  readonly origin: string | undefined;
  readonly cookie: string | undefined;
  /** Sec-Fetch-Site: which site asked, in the browser's own words. */
  readonly fetchSite: string | undefined;
  /** Sec-Fetch-Dest: what the answer is for. */
  readonly fetchDest?: string | undefined;
}

export type Scheme = 'http' | 'https';

export type Verdict =
  | { readonly kind: 'refuse'; readonly status: 400 | 403 | 404 | 405; readonly why: string }
  | { readonly kind: 'admit'; readonly cookie: string }
  | { readonly kind: 'file'; readonly file: string };

const refuse = (status: 400 | 403 | 404 | 405, why: string): Verdict => ({ kind: 'refuse', status, why });

/**
 * Decides about one HTTP request to the page. `authority` is the one name we answer to, such as 127.0.0.1:41234: a page that
 * re-binds its own name to 127.0.0.1 still sends its own name as Host, and a page elsewhere sends its own Origin.
 */
export function judge(knock: Knock, authority: string, tickets: Tickets, scheme: Scheme = 'http'): Verdict {
  const stranger = strangerAt(knock, authority, scheme);
  if (stranger !== undefined) return refuse(403, stranger);
  if (knock.method !== 'GET' && knock.method !== 'HEAD') return refuse(405, 'method');
  if (embedding.has(knock.fetchDest ?? '')) return refuse(403, 'frame');
  const { path, query } = splitUrl(knock.url);
  const ticket = query.get('ticket');
  if (path === '/' && ticket !== null) {
    const cookie = knock.method === 'GET' ? tickets.redeem(ticket) : undefined;
    return cookie === undefined ? refuse(403, 'ticket') : { kind: 'admit', cookie };
  }
  if (!admitted(knock, authority, tickets, scheme)) return refuse(403, 'cookie');
  if (isForeign(knock)) return refuse(403, 'site');
  const file = pageFile(path);
  return file === undefined ? refuse(404, 'path') : { kind: 'file', file };
}

/** Decides about a WebSocket upgrade. Here the Origin must be present: every browser sends it, so what has none is no page of ours. */
export function judgeUpgrade(knock: Knock, authority: string, tickets: Tickets, scheme: Scheme = 'http'): 'admit' | string {
  if (knock.origin === undefined) return 'origin';
  const stranger = strangerAt(knock, authority, scheme);
  if (stranger !== undefined) return stranger;
  if (isForeign(knock)) return 'site';
  if (splitUrl(knock.url).path !== '/ws') return 'path';
  return admitted(knock, authority, tickets, scheme) ? 'admit' : 'cookie';
}

/**
 * The cookie's name carries the port: browsers share cookies between the ports of one address. With TLS it also has the prefix that keeps
 * pages without TLS from writing or reading it (RFC 6265bis §4.1.3).
 */
export function cookieName(authority: string, scheme: Scheme): string {
  return `${scheme === 'https' ? '__Host-' : ''}webmesh-${authority.slice(authority.lastIndexOf(':') + 1)}`;
}

/** Never inside another page, not even one of ours. */
const embedding: ReadonlySet<string> = new Set(['iframe', 'frame', 'fencedframe', 'object', 'embed', 'portal']);

/** Another port of this address is `same-site` to browsers, and may be another user's. */
function isForeign({ fetchSite }: Knock): boolean {
  return fetchSite === 'cross-site' || fetchSite === 'same-site';
}

function strangerAt(knock: Knock, authority: string, scheme: Scheme): string | undefined {
  if (knock.host !== authority) return 'host';
  if (knock.origin !== undefined && knock.origin !== `${scheme}://${authority}`) return 'origin';
  return undefined;
}

function admitted(knock: Knock, authority: string, tickets: Tickets, scheme: Scheme): boolean {
  const prefix = `${cookieName(authority, scheme)}=`;
  return (knock.cookie ?? '').split(/; */).some((pair) => pair.startsWith(prefix) && tickets.admits(pair.slice(prefix.length)));
}

function splitUrl(url: string): { path: string; query: URLSearchParams } {
  const mark = url.indexOf('?');
  return mark === -1 ? { path: url, query: new URLSearchParams() } : { path: url.slice(0, mark), query: new URLSearchParams(url.slice(mark + 1)) };
}
