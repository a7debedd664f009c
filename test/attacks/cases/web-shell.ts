/**
 * A web page elsewhere, a program of another user, and a name that was re-bound to 127.0.0.1, against the local web shell. What a browser
 * adds by itself (Origin, Host, Sec-Fetch-Site, no cookie because it is SameSite=Strict) is sent as browsers send it; the same is done with a
 * real browser in test/e2e/web.
 */
import { type Attack, demand, summary } from '../attack.ts';
import { missingRoot, otherUid, runAs } from '../clients/other-user.ts';
import { get, raw, upgrade, webWorld } from '../worlds/web.ts';

const elsewhere = 'https://evil.example';

async function pageWorks(): Promise<void> {
  const { server, cookie } = await webWorld();
  const page = await get(server, '/', { cookie });
  demand(page.status === 200 && page.body === '<h1>page</h1>', `our own page: ${page.status}`);
}

async function socketWorks(): Promise<void> {
  const { server, cookie, origin } = await webWorld();
  demand((await upgrade(server, { cookie, origin })) === 'open', 'our own socket opens');
}

async function callsSeen(work: () => Promise<string>): Promise<string> {
  const { app } = await webWorld();
  const before = app.calls.length;
  const seen = await work();
  return app.calls.length === before ? seen : `${seen}, and the core was asked`;
}

const forms = ['application/x-www-form-urlencoded', 'text/plain', 'multipart/form-data; boundary=x'];

export const webShell: readonly Attack[] = [
  {
    name: 'web-fetch-from-elsewhere', aim: 'web shell', expected: '403', counter: pageWorks,
    attack: () => callsSeen(async () => {
      const { server, cookie } = await webWorld();
      const asked = await Promise.all([
        get(server, '/', { origin: elsewhere, 'sec-fetch-site': 'cross-site' }), get(server, '/', { origin: elsewhere, cookie, 'sec-fetch-site': 'cross-site' }),
        get(server, '/', { origin: 'null', cookie }), get(server, '/', { origin: elsewhere }, 'OPTIONS'),
      ]);
      return summary(asked.map(({ status, body }) => (body.includes('<h1>') ? 'the page was read' : String(status))));
    }),
  },
  {
    name: 'web-image-and-frame', aim: 'web shell', expected: '403', counter: pageWorks,
    attack: async () => {
      const { server, cookie } = await webWorld();
      const kinds = ['image', 'iframe', 'script', 'style', 'object'].map((dest) => get(server, '/', { 'sec-fetch-site': 'cross-site', 'sec-fetch-dest': dest, cookie }));
      return summary((await Promise.all(kinds)).map(({ status }) => String(status)));
    },
  },
  {
    name: 'web-form-post', aim: 'web shell', expected: /^(403|405)( \/ (403|405))?$/, counter: pageWorks,
    attack: () => callsSeen(async () => {
      const { server, cookie, origin } = await webWorld();
      const posts = forms.flatMap((type) => [get(server, '/ws', { origin: elsewhere, cookie, 'content-type': type }, 'POST'), get(server, '/', { origin, cookie, 'content-type': type }, 'POST')]);
      return summary((await Promise.all(posts)).map(({ status }) => String(status)));
    }),
  },
  {
    name: 'web-socket-from-elsewhere', aim: 'web shell', expected: '403', counter: socketWorks,
    attack: () => callsSeen(async () => {
      const { server, cookie, origin } = await webWorld();
      const tries = [{ origin: elsewhere, cookie }, { origin }, { cookie }, { origin: 'null', cookie }, { origin: `${origin}.evil.example`, cookie }, { origin: origin.replace('http:', 'https:'), cookie }];
      return summary(await Promise.all(tries.map((headers) => upgrade(server, headers as Record<string, string>))));
    }),
  },
  {
    name: 'web-dns-rebinding', aim: 'web shell', expected: '403', counter: pageWorks,
    attack: async () => {
      const { server, cookie } = await webWorld();
      const port = server.authority.split(':')[1];
      const hosts = [`evil.example:${port}`, `localhost:${port}`, `127.0.0.1.evil.example:${port}`, '127.0.0.1', `[::1]:${port}`, `127.0.0.1:${port}@evil.example`, `0:${port}`];
      const pages = hosts.map(async (host) => String((await get(server, '/', { host, cookie })).status));
      const sockets = hosts.map((host) => upgrade(server, { host, cookie, origin: `http://${host}` }));
      return summary(await Promise.all([...pages, ...sockets]));
    },
  },
  {
    name: 'web-other-user-with-cookie', aim: 'web shell', expected: '403', missing: missingRoot, counter: pageWorks,
    // A browser sends its cookies to every port of an address: another user's server there may have caught ours.
    attack: async () => {
      const { server, cookie, tickets } = await webWorld();
      const script = `
        const [host, port] = process.argv[1].split(':');
        require('node:http').get({ host, port, path: process.argv[3], headers: { cookie: process.argv[2] } }, (response) => { console.log(response.statusCode); process.exit(); }).on('error', () => { console.log('closed'); process.exit(); });`;
      return summary([await runAs(otherUid, script, server.authority, cookie, '/'), await runAs(otherUid, script, server.authority, '', `/?ticket=${tickets.issue()}`)]);
    },
  },
  {
    name: 'web-ticket-replayed', aim: 'web shell', expected: '403, no cookie',
    counter: async () => {
      const { server, tickets } = await webWorld();
      demand((await get(server, `/?ticket=${tickets.issue()}`)).cookie !== '', 'a fresh ticket gives a cookie');
    },
    attack: async () => {
      const { server, tickets } = await webWorld();
      const ticket = tickets.issue();
      await get(server, `/?ticket=${ticket}`);
      const again = await get(server, `/?ticket=${ticket}`);
      return `${again.status}, ${again.cookie === '' ? 'no cookie' : 'a cookie'}`;
    },
  },
  {
    name: 'web-ticket-raced', aim: 'web shell', expected: 'one of 20 gets in, in 50 rounds', counter: pageWorks,
    attack: async () => {
      const { server, tickets } = await webWorld();
      const winners = new Set<number>();
      for (let round = 0; round < 50; round++) {
        const ticket = tickets.issue();
        const all = await Promise.all(Array.from({ length: 20 }, () => get(server, `/?ticket=${ticket}`)));
        winners.add(all.filter(({ cookie }) => cookie !== '').length);
      }
      return `${winners.size === 1 && winners.has(1) ? 'one' : [...winners].join(' or ')} of 20 gets in, in 50 rounds`;
    },
  },
  {
    name: 'web-ticket-guessed', aim: 'web shell', expected: '403', counter: pageWorks,
    attack: async () => {
      const { server, tickets } = await webWorld();
      const good = tickets.issue();
      const guesses = ['', good.slice(1), `${good}a`, good.toLowerCase(), good.replace(/./, 'A'), encodeURIComponent(`${good}\0`), '%00', '__proto__', ...Array.from({ length: 200 }, () => Math.random().toString(36))].filter((guess) => guess !== good);
      const seen: string[] = [];
      for (const guess of guesses) seen.push(String((await get(server, `/?ticket=${guess}`)).status));
      demand(tickets.redeem(good) !== undefined, 'the true one is still good');
      return summary(seen);
    },
  },
  {
    name: 'web-cookie-guessed', aim: 'web shell', expected: '403', counter: pageWorks,
    attack: async () => {
      const { server, cookie } = await webWorld();
      const [name, value = ''] = cookie.split('=');
      const guesses = [`${name}=`, `${name}=${value.slice(1)}`, `${name}=${value}x`, `x${cookie}`, `${name}=undefined`, `${name}x=${value}`, `${name}=${value.toUpperCase()}`];
      return summary(await Promise.all(guesses.map(async (guess) => String((await get(server, '/', { cookie: guess })).status))));
    },
  },
  {
    name: 'web-path-traversal', aim: 'web shell', expected: '404', counter: pageWorks,
    attack: async () => {
      const { server, cookie } = await webWorld();
      const paths = ['/../x.secret', '/%2e%2e/x', '/..%2fx', '/..%5cx', '/.git/config', '/a/../../x', '//etc/passwd', '/C:/x', '/index.html%00.js', '/%'];
      return summary(await Promise.all(paths.map(async (path) => String((await get(server, path, { cookie })).status))));
    },
  },
  {
    name: 'web-oversized-and-malformed', aim: 'web shell', expected: 'refused or closed, and the page still answers', counter: pageWorks,
    attack: async () => {
      const { server, cookie, origin } = await webWorld();
      const host = `host: ${server.authority}\r\n`;
      const answers = await Promise.all([
        raw(server, `GET / HTTP/1.1\r\n${host}x: ${'a'.repeat(200_000)}\r\n\r\n`), raw(server, `GET /${'a'.repeat(200_000)} HTTP/1.1\r\n${host}\r\n`), raw(server, Buffer.alloc(100_000, 0xff)),
        raw(server, `GET / HTTP/1.1\r\n${host}content-length: 5\r\ntransfer-encoding: chunked\r\ncookie: ${cookie}\r\n\r\n0\r\n\r\nGET / HTTP/1.1\r\n\r\n`),
        raw(server, `CONNECT evil.example:443 HTTP/1.1\r\n${host}\r\n`), raw(server, `GET / HTTP/1.1\r\ncookie: ${cookie}\r\nconnection: close\r\n\r\n`),
      ]);
      const opened = await Promise.all(['//ws', '/ws/', '/WS', '/ws%2f'].map((path) => upgrade(server, { cookie, origin }, path)));
      await pageWorks();
      const bad = [...answers, ...opened].filter((answer) => !/^(4\d\d|closed)/.test(answer));
      return bad.length === 0 ? 'refused or closed, and the page still answers' : bad.join(', ');
    },
  },
  {
    name: 'web-slow-request', aim: 'web shell', expected: /^(408 Request Timeout|closed)( \/ (408 Request Timeout|closed))*$/, counter: pageWorks,
    attack: async () => {
      const { server } = await webWorld();
      const starts = [`GET / HTTP/1.1\r\nhost: ${server.authority}\r\nx-slow:`, 'GET /', '', '\r\n'.repeat(1_000), `POST / HTTP/1.1\r\nhost: ${server.authority}\r\ncontent-length: 1000000\r\n\r\nx`];
      return summary((await Promise.all(starts.map((start) => raw(server, start, 60_000)))).map((end) => end.replace(/^(403|405).*/, 'closed')));
    },
  },
];
