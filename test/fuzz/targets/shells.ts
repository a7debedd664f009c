import { normalize } from 'node:path/posix';
import { seeded } from '../../../src/base/random.ts';
import { type Clock } from '../../../src/base/clock.ts';
import { pageFile } from '../../../src/contract/page-policy.ts';
import { parseForward } from '../../../src/cli/forward-spec.ts';
import { parse } from '../../../src/cli/parse.ts';
import { verbs } from '../../../src/cli/verbs.ts';
import { handedBy, readArguments } from '../../../src/main/arguments.ts';
import { parseFlags } from '../../../src/web/flags.ts';
import { cookieName, judge, judgeUpgrade } from '../../../src/web/guard.ts';
import { createTickets } from '../../../src/web/tickets.ts';
import { json } from '../shapes/json.ts';
import { text } from '../shapes/text.ts';
import { bytesOf, holds, jsonOf, refusals, type Target, utf8 } from '../target.ts';

const authority = '127.0.0.1:41234';
const origin = `http://${authority}`;
const cookieSecret = /^[A-Za-z0-9_-]{32}$/;
const stillClock: Clock = { nowMs: () => 0, monotonicMs: () => 0, after: () => () => {} };

/** Nobody gets a file, a cookie or a socket without a secret that was issued here. */
const web: Target = {
  name: 'web-request', from: 'web pages elsewhere, other users and programs of this machine', shape: json, words: [authority, origin, 'localhost:41234', 'null', 'same-origin', '/ws', '/?ticket=', cookieName(authority, 'http'), '=; ', '..', '%2e%2e%2f'],
  open: () => ({
    seeds: [
      { method: 'GET', url: '/?ticket=TICKET', host: authority }, { method: 'GET', url: '/', host: authority, origin, cookie: `${cookieName(authority, 'http')}=COOKIE`, fetchSite: 'same-origin' },
      { method: 'GET', url: '/ws', host: authority, origin, cookie: `x=1; ${cookieName(authority, 'http')}=COOKIE` }, { method: 'POST', url: '/assets/a.js', host: 'evil.example', origin: 'null', cookie: '', fetchSite: 'cross-site' },
    ].map(jsonOf),
    run: (input) => {
      const tickets = createTickets(stillClock, seeded(input.length));
      const ticket = tickets.issue();
      const cookie = tickets.redeem(tickets.issue()) as string;
      const filled = utf8(input).replaceAll('TICKET', ticket).replaceAll('COOKIE', cookie);
      const value = refusals(() => JSON.parse(filled) as unknown, 'SyntaxError');
      const part = (name: string): string | undefined => {
        const found: unknown = typeof value === 'object' && value !== null ? Object.getOwnPropertyDescriptor(value, name)?.value : undefined;
        return typeof found === 'string' ? found : undefined;
      };
      const knock = { method: part('method') ?? 'GET', url: part('url') ?? '/', host: part('host'), origin: part('origin'), cookie: part('cookie'), fetchSite: part('fetchSite') };
      const ours = knock.host === authority && (knock.origin === undefined || knock.origin === origin);
      const upgrade = judgeUpgrade(knock, authority, tickets);
      if (upgrade === 'admit') holds(ours && knock.origin === origin && (knock.cookie ?? '').includes(cookie), 'a socket needs our origin and our cookie');
      const verdict = judge(knock, authority, tickets);
      if (verdict.kind === 'admit') holds(ours && knock.url.includes('ticket=') && cookieSecret.test(verdict.cookie), 'a cookie is given for a ticket');
      if (verdict.kind === 'file') holds(ours && (knock.cookie ?? '').includes(cookie) && normalize(verdict.file) === verdict.file && !verdict.file.startsWith('..'), 'a file inside, for our cookie');
      return undefined;
    },
  }),
};

const page: Target = {
  name: 'page-path', from: 'web pages and programs of this machine', shape: text, words: ['..', '%2e', '%2f', '%5c', '\\', 'C:', '//', '%00', '.git', 'con', '~'],
  open: () => ({
    seeds: ['/', '/assets/index-abc.js', '/a/b/c.css', '/%61.js', '/..%2fsecret', '/.env'].map(bytesOf),
    run: (input) => {
      const file = pageFile(utf8(input));
      if (file !== undefined) holds(/^[A-Za-z0-9_-][A-Za-z0-9._/-]*$/.test(file) && !file.includes('..') && !file.includes('//') && !file.includes('/.'), `${file} is inside of the page's folder on every system`);
      return undefined;
    },
  }),
};

/** Whoever types more than this attacks nobody but herself. */
const line = (argument: string): string[] => argument.slice(0, 1_024).split('\n');

const cli: Target = {
  name: 'cli-argv', from: 'scripts and links that build command lines', shape: text, heavy: true, words: ['--home', '--json', '--', '-h', '--no-json', '--constructor', '__proto__', 'help'],
  open: () => ({
    seeds: ['connect', 'profiles\nlist\n--json', 'create\nhome\n--grpc-port\n5', 'join\n10.0.0.1:8443\n--insecure', 'help\nconnect', '--version', 'invite\ncreate\n--role=guest', 'forward\nattic\n9000:[fd00::5]:80\n--udp', 'ping\nattic\n--mtu', 'offers\nturn-server\non\n--relay-mbit\n5', 'share\nadd\ntcp\n127.0.0.1:8080'].map(bytesOf),
    run: (input) => {
      const parsed = refusals(() => parse(line(utf8(input)), verbs));
      if (parsed?.kind === 'run') holds(Object.getPrototypeOf(parsed.input) === Object.prototype, 'an input is a plain object');
      for (const word of line(utf8(input)).slice(0, 8)) {
        const spec = refusals(() => parseForward(word));
        if (spec) holds(spec.remotePort >= 1 && spec.remotePort <= 65_535 && spec.localPort >= 0 && spec.localPort <= 65_535, 'ports are ports');
      }
      return undefined;
    },
  }),
};

const webFlags: Target = {
  name: 'web-argv', from: 'scripts that build command lines', shape: text, words: ['--port', '--home', '--open', '--headless'],
  open: () => ({
    seeds: ['--port\n0\n--no-open', '--headless\n--json-status', '--home=/tmp/x\n--help'].map(bytesOf),
    run: (input) => {
      const flags = refusals(() => parseFlags(line(utf8(input))));
      if (flags) holds(Number.isInteger(flags.port) && flags.port >= 0 && flags.port <= 65_535, 'a port is a port');
      return undefined;
    },
  }),
};

const folder = '/home/somebody';

/** A link that a desktop hands over is a link of ours or nothing, a file lies on this machine, and neither gives options. */
const gui: Target = {
  name: 'window-argv', from: 'the desktop, browsers with a link, Chromium itself', shape: text, words: ['.webmesh-invite', 'file://', '%00', '\\\\', '--home', '--hidden', 'webmesh://join/', '--no-sandbox', '--inspect', '"', "'", '%'],
  open: () => ({
    seeds: ['electron\n.\n--home\n/tmp/x\n--hidden', 'electron\n--helper-socket=/run/x', 'electron\n--hidden\nwebmesh://join/AAAA'].map(bytesOf),
    run: (input) => {
      const argv = line(utf8(input));
      const { home, helperSocket } = readArguments(argv);
      const outside = argv.findIndex((argument) => argument === '--' || /^\s*webmesh:/i.test(argument));
      const own = outside === -1 ? argv : argv.slice(0, outside);
      holds([home, helperSocket].every((value) => value === undefined || own.some((argument) => argument.endsWith(value))), 'options stand before what comes from elsewhere');
      const handed = handedBy(argv, folder);
      if (handed?.kind === 'link') holds(/^webmesh:\/\/join\/[A-Za-z0-9_-]+$/.test(handed.link), 'a link is a link of ours');
      if (handed?.kind === 'file') holds(handed.path.startsWith('/') && !handed.path.startsWith('//') && !handed.path.includes('\0'), `${handed.path} lies on this machine`);
      return undefined;
    },
  }),
};

export const shells: readonly Target[] = [web, page, cli, webFlags, gui];
