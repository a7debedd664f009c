import { createRequire } from 'node:module';
import { beforeEach, expect, test } from 'vitest';
import { failure } from '../base/failure.ts';
import { attach } from '../contract/client.ts';
import { createFakeApp, fakePort, type FakeApp, type SceneName } from '../../test/fakes/app.ts';
import { problem } from '../../test/fakes/problem.ts';
import { invitationAt, linkOf } from '../../test/fakes/trust-world.ts';
import { flagsOf } from './flags.ts';
import { verbFlags } from './parse.ts';
import { qr } from './qr.ts';
import { stillClock as clock, stillMs as nowMs } from '../../test/fakes/still-clock.ts';
import { run } from './run.ts';
import { verbs } from './verbs.ts';
import { type World } from './world.ts';

const jsQR = createRequire(import.meta.url)('jsqr') as typeof import('jsqr')['default'];
/** Joining, inviting and everything about trust, against a made-up core, with a made-up person at the terminal. */
const link = linkOf(invitationAt(nowMs));

let app: FakeApp;
beforeEach(() => start('connected'));
function start(scene: SceneName): void {
  app = createFakeApp(clock, { scene, stepMs: 5 });
}

interface Around {
  /** What the person types, one answer a question; nobody is there when left out. */
  readonly answers?: readonly string[];
  readonly files?: Readonly<Record<string, string>>;
  readonly columns?: number;
  readonly colours?: boolean;
}

async function webmesh(args: readonly string[], { answers, files = {}, columns, colours = true }: Around = {}): Promise<{ code: number; out: string; err: string; asked: string[]; started: number }> {
  const seen = { out: '', err: '', asked: [] as string[], started: 0 };
  const left = [...(answers ?? [])];
  const answer = (how: string) => async (question: string): Promise<string> => {
    seen.asked.push(`${how} ${question}`);
    return left.shift() ?? '';
  };
  const open = async () => attach(fakePort(app));
  const world: World = {
    version: '1', clock, interrupted: new AbortController().signal, screen: { columns, colours },
    print: (text) => void (seen.out += text), complain: (text) => void (seen.err += text),
    person: () => (answers === undefined ? undefined : { ask: answer('ask'), askSecret: answer('secret') }),
    read: async (path, bytesMax) => {
      const text = files[path];
      if (text === undefined || text.length > bytesMax) throw failure('input.invalid', { field: 'file', problem: `${path} does not exist` });
      return text;
    },
    at: () => ({ connect: open, startApp: async () => (seen.started++, open()), link: async () => 'http://127.0.0.1:1/?ticket=t', openBrowser: async () => true, serve: async () => 0 }),
  };
  return { code: await run(args, world), ...seen };
}
const called = (): readonly (readonly [string, unknown])[] => app.calls.map(({ name, input }) => [name, input] as const);

test('join shows network, inviter, role, fingerprint and end, asks once, then connects and waits', async () => {
  start('first-run');
  const { code, out, err, asked, started } = await webmesh(['join', link], { answers: ['yes'] });
  expect({ code, out, err, asked, started }).toMatchInlineSnapshot(`
    {
      "asked": [
        "ask Join this network? [y/N] ",
      ],
      "code": 0,
      "err": "network      Lab
    invited by   Ada's laptop
    as           member
    fingerprint  81:72:52:E1:55:AD:69:13:A0:37:F9:5A:4F:6C:EB:6E:B8:FF:03:E5:AC:88:F5:74:90:71:88:8E:FC:7F:6D:2D
    expires      2026-11-23 11:00 UTC (in 23 h 0 min)
    reached at   attic.example.net:8443, 192.168.1.20:8443
    ",
      "out": "Connected for 0 s.
    ",
      "started": 1,
    }
  `);
  expect(called()).toEqual([['invite.inspect', { link }], ['invite.redeem', { link }], ['session.connect', { profile: 'net1' }]]);
});

test('join takes a file, standard input, and --yes for scripts; what the flags say goes along', async () => {
  start('first-run');
  const files = { '-': `${link}\n`, 'Lab.webmesh-invite': `${link}\n` };
  expect(await webmesh(['join', '-', '--yes', '--json', '--node-id', 'attic-pi', '--as-voter'], { files })).toMatchObject({ code: 0, out: expect.stringContaining('"phase":"connected"') });
  expect(await webmesh(['join', 'Lab.webmesh-invite', '--yes', '--no-wait'], { files })).toMatchObject({ code: 0, asked: [] });
  expect(called().filter(([name]) => name === 'invite.redeem')).toEqual([['invite.redeem', { link, nodeId: 'attic-pi', asVoter: true }], ['invite.redeem', { link }]]);
});

test('nothing is joined without consent: a no, nobody to ask, an invite that is too old or damaged', async () => {
  start('first-run');
  const old = linkOf(invitationAt(nowMs, { expiresAtMs: nowMs - 60_000 }));
  const tries = [await webmesh(['join', link], { answers: ['n'] }), await webmesh(['join', link], { answers: [''] }), await webmesh(['join', link]), await webmesh(['join', old, '--yes']), await webmesh(['join', 'webmesh://join/!', '--yes'])];
  expect(tries.map(({ code, err }) => [code, err.trim().split('\n').at(-2)])).toEqual([
    [1, expect.stringContaining('reached at')], [1, expect.stringContaining('reached at')], [2, expect.stringContaining('--yes')],
    [1, expect.stringContaining('too old')], [1, expect.stringContaining('invite')],
  ]);
  expect(called().map(([name]) => name)).toEqual(Array(5).fill('invite.inspect'));
});

test('an invite that needs approval is waited for longer, and both fingerprints are told', async () => {
  start('first-run');
  const asked = webmesh(['join', linkOf(invitationAt(nowMs, { needsApproval: true })), '--yes', '--timeout', '5']);
  while (!app.calls.some(({ name }) => name === 'session.connect')) await new Promise((resolve) => setTimeout(resolve, 1));
  const { profile, epoch } = app.topics.session.get();
  app.topics.session.set({ want: 'connected', profile, epoch, phase: 'reconnecting', attempt: 1, retryAtMs: null, cause: { code: 'auth.pending', retry: 'later', detail: { network: 'Lab', fingerprint: 'AB:CD' } } });
  expect(await asked).toMatchObject({ code: 0, err: expect.stringMatching(/an admin must accept this device first[^]*waits for an admin[^]*\nFingerprint of this device: AB:CD\n/) });
});

test('an address is never taken for an invite, and clear text must be asked for by name', async () => {
  start('first-run');
  for (const words of [['join', 'attic.example.net:8443'], ['profile', 'join', 'attic.example.net:8443']]) {
    const { code, err } = await webmesh(words);
    expect([code, err.split('\n')[0]]).toEqual([2, 'webmesh: "attic.example.net:8443" is no invite, and an old network is joined by its address only in clear text, which must be asked for by name: add --insecure.']);
  }
  expect(called()).toEqual([]);
  const { code, err } = await webmesh(['join', 'attic.example.net:8443', '--insecure', '--name', 'Old']);
  expect([code, err]).toEqual([0, 'CLEAR TEXT: joining and managing this network is not protected. Traffic inside the tunnel is.\n']);
  expect(called()[0]).toEqual(['mesh.join', { address: 'attic.example.net:8443', name: 'Old', insecure: true }]);
});

test('clear text is red on a terminal with colours: in status, profiles and trust', async () => {
  start('clear-text');
  for (const words of [['status'], ['profile', 'list'], ['trust']]) {
    expect((await webmesh(words, { columns: 80 })).out).toContain('\u001b[1;31mCLEAR TEXT');
    const { out } = await webmesh(words, { columns: 80, colours: false });
    expect([out.includes('\u001b'), out.includes('CLEAR TEXT')]).toEqual([false, true]);
  }
});

test('invite prints link, end and fingerprint; the QR code comes on a terminal that can hold it', async () => {
  const { code, out } = await webmesh(['invite', '--role', 'guest', '--expires', '36h', '--uses', '3', '--approve', '--note', 'For Ada']);
  const [line = '', ...rest] = out.split('\n');
  expect([code, line, rest.join('\n')]).toEqual([0, expect.stringMatching(/^webmesh:\/\/join\/[\w-]+$/), expect.stringMatching(/^expires {6}2026-11-24 00:00 UTC \(in 1 d 12 h\)\nfingerprint {2}([0-9A-F]{2}:){31}[0-9A-F]{2}\ninvite {7}inv\d{13}; "webmesh invite revoke inv\d{13}" makes it useless\n$/)]);
  expect(called()).toEqual([['invite.create', { role: 'guest', expiresInSeconds: 129_600, uses: 3, needsApproval: true, note: 'For Ada' }]]);
  expect((await webmesh(['invite'], { columns: 200 })).out).toContain('▀');
  expect((await webmesh(['invite', '--no-qr'], { columns: 200 })).out).not.toContain('▀');
  expect((await webmesh(['invite'], { columns: 40 })).out).toMatch(/needs a terminal of \d+ columns; this one has 40/);
  expect(Object.keys(JSON.parse((await webmesh(['invite', 'create', '--json'])).out))).toEqual(['id', 'link', 'expiresAtMs', 'fingerprint']);
  expect((await webmesh(['invite', '--expires', 'soon'])).err).toContain('--expires looks like 90s, 30m, 24h or 7d');
  expect((await webmesh(['invite', '--expires', '90d'])).code).toBe(2);
});

test('the QR code in the terminal is the link, on dark and on light terminals, with four light modules around it', () => {
  const wanted = `webmesh://join/${'A1b2-_'.repeat(55)}`;
  for (const [name, background] of [['dark', 0], ['light', 255]] as const) {
    const picture = paint(qr(wanted, true).text, background);
    expect([name, decode(picture), picture.quiet]).toEqual([name, wanted, true]);
  }
  expect(decode(paint(qr(wanted, false).text, 0))).toBe(wanted);
  expect(qr(wanted, true).columns).toBeLessThanOrEqual(80);
});

interface Picture {
  readonly pixels: readonly (readonly number[])[];
  /** Whether the outermost four rows and columns are light. */
  readonly quiet: boolean;
}

/** What a terminal would show: each character is two modules, upper and lower; colours only where they were asked for. */
function paint(text: string, background: number): Picture {
  const rows = text.trimEnd().split('\n').flatMap((line) => {
    const coloured = line.includes('\u001b[38;5;16;48;5;231m');
    const [fore, back] = coloured ? [0, 255] : [255 - background, background];
    const cells = [...line.replaceAll('\u001b[38;5;16;48;5;231m', '').replaceAll('\u001b[0m', '')];
    return [cells.map((cell) => ('█▀'.includes(cell) ? fore : back)), cells.map((cell) => ('█▄'.includes(cell) ? fore : back))];
  });
  const size = rows[0]?.length ?? 0;
  const pixels = rows.slice(0, size);
  const edge = (i: number): boolean => i < 4 || i >= size - 4;
  return { pixels, quiet: pixels.every((row, y) => row.every((pixel, x) => !(edge(x) || edge(y)) || pixel === 255)) };
}

function decode({ pixels }: Picture): string | undefined {
  const scale = 4;
  const side = pixels.length * scale;
  const data = new Uint8ClampedArray(side * side * 4);
  for (let i = 0; i < side * side; i++) data.fill(pixels[Math.floor(i / side / scale)]?.[Math.floor((i % side) / scale)] ?? 0, i * 4, i * 4 + 3).fill(255, i * 4 + 3, i * 4 + 4);
  return jsQR(data, side, side, { inversionAttempts: 'dontInvert' })?.data;
}

test('invites are listed, shown and revoked by the beginning of their id', async () => {
  expect((await webmesh(['invite', 'list'])).out.split('\n').slice(0, 2)).toEqual([
    'ID                STATE    AS      USED     EXPIRES        APPROVAL  MADE BY     NOTE',
    'k3v9q0m2x7c1b5n8  open     member  0 of 1   in 23 h 0 min            study       Margaret, for the new phone',
  ]);
  expect((await webmesh(['invite', 'show', link])).out).toContain('fingerprint  81:72:');
  expect(await webmesh(['invite', 'revoke', 'k3v9'])).toMatchObject({ code: 0, out: 'Invite k3v9q0m2x7c1b5n8 is of no use any more.\n' });
  expect(called().at(-1)).toEqual(['invite.revoke', { id: 'k3v9q0m2x7c1b5n8' }]);
  expect((await webmesh(['invite', 'revoke', 'nothing'])).code).toBe(2);
});

test('devices wait first; accepting one shows its fingerprint, cutting one off is asked for', async () => {
  const { out } = await webmesh(['devices']);
  expect(out.split('\n')[1]).toMatch(/^ +linus-phone +Linus +waits +member +ada-laptop +1 min ago$/);
  expect(out).toMatch(/linus-phone waits to be accepted\. Its fingerprint: ([0-9A-F]{2}:){31}[0-9A-F]{2}\n/);
  const approved = await webmesh(['devices', 'approve', 'linus-phone'], { answers: ['y'] });
  expect([approved.code, approved.asked[0]]).toEqual([0, expect.stringMatching(/^ask The fingerprint of linus-phone is\n([0-9A-F]{2}:){31}[0-9A-F]{2}\nDoes the person who has it read the same\? \[y\/N\] $/)]);
  expect(await webmesh(['devices', 'revoke', 'NAS'], { answers: ['n'] })).toMatchObject({ code: 1, err: 'Nothing was changed.\n' });
  expect(await webmesh(['devices', 'revoke', 'NAS'])).toMatchObject({ code: 2 });
  expect(await webmesh(['devices', 'revoke', 'NAS', '--yes'])).toMatchObject({ code: 0, out: 'nas was cut off.\n' });
  expect(await webmesh(['devices', 'role', 'workshop', 'admin'])).toMatchObject({ code: 0, out: 'workshop is admin now.\n' });
  expect(called()).toEqual([['device.approve', { id: 'linus-phone' }], ['device.revoke', { id: 'nas' }], ['device.role', { id: 'workshop', role: 'admin' }]]);
});

test('the audit log is a table with the state of its chain; a broken one is red and code 1', async () => {
  const { out } = await webmesh(['audit', '--search', 'device.role', '--limit', '2']);
  expect(out.split('\n')[0]).toMatch(/^NO +TIME +WHO +AT +WHAT +WHOM +MORE$/);
  expect(out).toMatch(/role=admin before=member\n2 of 130\. The chain of hashes is whole\.\n$/);
  app.topics.health.set({ warnings: [problem('audit-broken')] });
  expect(await webmesh(['audit'], { columns: 80 })).toMatchObject({ code: 1, out: expect.stringContaining('\u001b[1;31mThe chain of hashes is broken') });
  expect(Object.keys(JSON.parse((await webmesh(['audit', '--json'])).out))).toEqual(['events', 'intact', 'total']);
  expect((await webmesh(['audit', 'export'])).out).toBe('/home/ada/Home-audit-2026-11-22.jsonl\n');
});

test('trust says how the network is protected', async () => {
  expect((await webmesh(['trust'])).out).toMatch(/^protection {3}mutual TLS with the certificates of the network\nfingerprint {2}([0-9A-F]{2}:){31}[0-9A-F]{2}\nrole {9}admin\ncertificate {2}ends 2027-02-01 12:00 UTC \(in 71 d 0 h\); it renews itself\nroot key {5}[^\n]+\nsecrets {6}in private files of this user\ndevices {6}10, 1 waiting, 1 cut off\ninvites {6}2 open\nmay sign/);
});

test('a passphrase is typed twice without being shown, or comes on standard input; it is never an argument', async () => {
  const words = 'correct horse battery';
  expect(await webmesh(['root', 'export'], { answers: [words, words] })).toMatchObject({ code: 0, asked: ['secret Passphrase: ', 'secret The same again: '], out: expect.stringMatching(/^\/home\/ada\/Home-root-key\.age\n/) });
  expect(await webmesh(['root', 'export'], { answers: [words, 'another'] })).toMatchObject({ code: 2, err: expect.stringContaining('differ') });
  expect(await webmesh(['root', 'export'])).toMatchObject({ code: 2, err: expect.stringContaining('--passphrase-stdin') });
  expect(await webmesh(['root', 'export'], { answers: ['short', 'short'] })).toMatchObject({ code: 2, err: expect.stringContaining('passphrase') });
  expect(await webmesh(['root', 'remove', '--yes'])).toMatchObject({ code: 0 });
  expect(await webmesh(['root', 'import', 'root.age', '--passphrase-stdin'], { files: { '-': `${words}\r\n`, 'root.age': 'age-encryption.org/v1' } })).toMatchObject({ code: 0 });
  expect(called().map(([name]) => name)).toEqual(['root.export', 'root.remove', 'root.import']);
  expect(called().at(-1)).toEqual(['root.import', { file: 'age-encryption.org/v1', passphrase: words }]);
});

test('no secret can be given as a flag', () => {
  expect(flagsOf('root.import').map(({ name }) => name)).toContain('passphrase');
  const secret = verbs.flatMap((verb) => [...verbFlags(verb), ...(verb.positionals ?? [])].filter(({ field }) => ['passphrase', 'link', 'file'].includes(field ?? '')).map(() => verb.words.join(' ')));
  expect(secret).toEqual([]);
});

test('open with an invite hands it to the window, and renew says until when the certificate is good', async () => {
  expect(await webmesh(['open', link])).toMatchObject({ code: 0, out: expect.stringContaining('asks whether to join') });
  expect(await webmesh(['open', '-', '--browser'], { files: { '-': link } })).toMatchObject({ code: 0, out: 'Opened in the browser.\n' });
  expect(await webmesh(['invite', 'dismiss'])).toMatchObject({ code: 0 });
  expect(await webmesh(['renew'])).toMatchObject({ code: 0, out: 'Renewed. The certificate ends 2027-02-20 12:00 UTC.\n' });
  expect(called()).toEqual([['invite.open', { link }], ['invite.open', { link }], ['invite.dismiss', {}], ['certificate.renew', {}]]);
});
