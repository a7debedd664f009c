import { expect, test } from 'vitest';
import { type Clock } from '../base/clock.ts';
import { seeded } from '../base/random.ts';
import { judge, judgeUpgrade, type Knock } from './guard.ts';
import { createTickets, limits, type Tickets } from './tickets.ts';

const authority = '127.0.0.1:4000';
const home: Knock = { method: 'GET', url: '/', host: authority, origin: undefined, cookie: undefined, fetchSite: 'none' };

function manualClock(): Clock & { nowIs(ms: number): void } {
  let now = 0;
  return { nowMs: () => now, monotonicMs: () => now, after: () => () => {}, nowIs: (ms) => void (now = ms) };
}
function door(): { tickets: Tickets; clock: ReturnType<typeof manualClock>; cookie: string } {
  const clock = manualClock();
  const tickets = createTickets(clock, seeded(1));
  return { tickets, clock, cookie: `webmesh-4000=${tickets.redeem(tickets.issue())}` };
}
const brief = (knock: Partial<Knock>, tickets: Tickets): string => {
  const verdict = judge({ ...home, ...knock }, authority, tickets);
  return verdict.kind === 'refuse' ? `${verdict.status} ${verdict.why}` : verdict.kind === 'file' ? verdict.file : 'admit';
};

test('a ticket opens once, also when two come at the same moment', () => {
  const { tickets } = door();
  const url = `/?ticket=${tickets.issue()}`;
  expect([1, 2, 3].map(() => brief({ url }, tickets))).toEqual(['admit', '403 ticket', '403 ticket']);
});

test('a ticket is not used up by a HEAD request, dies after its time, and an old one makes room', () => {
  const { tickets, clock } = door();
  const url = `/?ticket=${tickets.issue()}`;
  expect(brief({ url, method: 'HEAD' }, tickets)).toBe('403 ticket');
  clock.nowIs(limits.ticketLifeMs + 1);
  expect(brief({ url }, tickets)).toBe('403 ticket');
  const first = tickets.issue();
  for (let i = 0; i < limits.ticketsMax; i++) tickets.issue();
  expect(tickets.redeem(first)).toBe(undefined);
});

test('who has the cookie gets the page; who has none, a wrong one or one of another port gets nothing', () => {
  const { tickets, cookie } = door();
  expect([
    brief({ cookie }, tickets),
    brief({ cookie: `a=b; ${cookie}; c=d`, url: '/assets/index-x1.js' }, tickets),
    brief({}, tickets),
    brief({ cookie: 'webmesh-4000=' }, tickets),
    brief({ cookie: `${cookie}x` }, tickets),
    brief({ cookie: cookie.replace('4000', '4001') }, tickets),
  ]).toEqual(['index.html', 'assets/index-x1.js', '403 cookie', '403 cookie', '403 cookie', '403 cookie']);
});

test('a name that was re-bound to this address, another origin and another method are refused before anything else', () => {
  const { tickets, cookie } = door();
  const ticket = tickets.issue();
  const url = `/?ticket=${ticket}`;
  expect([
    ...['evil.example:4000', 'localhost:4000', '127.0.0.1', '127.0.0.1:80', '[::1]:4000', undefined].map((host) => brief({ host, cookie, url }, tickets)),
    ...['http://evil.example', 'null', `https://${authority}`, 'http://127.0.0.1:4001'].map((origin) => brief({ origin, cookie, url }, tickets)),
    ...['POST', 'PUT', 'DELETE', 'OPTIONS', 'CONNECT', ''].map((method) => brief({ method, cookie }, tickets)),
    ...['cross-site', 'same-site'].map((fetchSite) => brief({ fetchSite, cookie }, tickets)),
  ]).toEqual([...Array(6).fill('403 host'), ...Array(4).fill('403 origin'), ...Array(6).fill('405 method'), ...Array(2).fill('403 site')]);
  expect(tickets.redeem(ticket)).toEqual(expect.any(String));
});

test('the page is never part of another page, and a socket of another site is refused even with our cookie', () => {
  const { tickets, cookie } = door();
  const dests = ['iframe', 'frame', 'fencedframe', 'object', 'embed', 'portal'];
  expect(dests.map((fetchDest) => brief({ fetchDest, cookie, fetchSite: 'same-origin' }, tickets))).toEqual(dests.map(() => '403 frame'));
  expect(['document', 'script', 'image', 'empty', ''].map((fetchDest) => brief({ fetchDest, cookie, fetchSite: 'same-origin' }, tickets))).toEqual(Array(5).fill('index.html'));
  const good: Knock = { ...home, url: '/ws', origin: `http://${authority}`, cookie };
  expect(['same-origin', 'same-site', 'cross-site', undefined].map((fetchSite) => judgeUpgrade({ ...good, fetchSite }, authority, tickets))).toEqual(['admit', 'site', 'site', 'admit']);
});

test('with TLS only the secure origin and the prefixed cookie count', () => {
  const { tickets } = door();
  const value = tickets.redeem(tickets.issue());
  const verdicts = [
    { cookie: `__Host-webmesh-4000=${value}`, origin: `https://${authority}` }, { cookie: `__Host-webmesh-4000=${value}`, origin: `http://${authority}` }, { cookie: `webmesh-4000=${value}`, origin: `https://${authority}` },
  ].map((knock) => judge({ ...home, ...knock }, authority, tickets, 'https').kind);
  expect(verdicts).toEqual(['file', 'refuse', 'refuse']);
});

test('no path leaves the folder of the page', () => {
  const { tickets, cookie } = door();
  const paths = ['/../package.json', '/..%2f..%2fetc/passwd', '/%2e%2e/x', '/assets/../../x', '//etc/passwd', '/C:/x', '/a\\b', '/.git/config', '/a/', '/%00', '/%', '*', '', 'http://x/'];
  expect(paths.map((url) => `${url} ${brief({ url, cookie }, tickets)}`)).toEqual(paths.map((url) => `${url} 404 path`));
});

test('a WebSocket needs the path, our own origin and the cookie', () => {
  const { tickets, cookie } = door();
  const good: Knock = { ...home, url: '/ws', origin: `http://${authority}`, cookie };
  const cases: Partial<Knock>[] = [{}, { origin: undefined }, { origin: 'http://evil.example' }, { origin: 'null' }, { host: 'evil.example' }, { cookie: undefined }, { url: '/' }, { url: '/ws/x' }];
  expect(cases.map((change) => judgeUpgrade({ ...good, ...change }, authority, tickets))).toEqual(['admit', 'origin', 'origin', 'origin', 'host', 'cookie', 'path', 'path']);
});
