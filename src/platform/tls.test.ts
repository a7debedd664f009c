import { type AddressInfo, connect as connectTcp, createServer as createTcp, type Server, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls, createServer as createTls, type TLSSocket } from 'node:tls';
import { afterEach, beforeAll, expect, test } from 'vitest';
import { forge, type Keys, keysFrom, keysOf } from '../../test/fakes/forge.ts';
import { type TestMesh, testMesh } from '../../test/fakes/test-mesh.ts';
import { asFailure } from '../base/failure.ts';
import type { Identity } from '../base/identity.ts';
import { createTlsAcceptor, type TlsAcceptor, type TlsAcceptorOptions } from './tls-accept.ts';
import { dialTls, probeTls } from './tls-dial.ts';
import { pemOf, serverOptions, tlsOnly13 } from './tls.ts';
import { callerOf } from './tls-callers.ts';

const hourMs = 3_600_000;
let mesh: TestMesh;
let host: Identity;
let alice: Identity;
let authority: Keys;
beforeAll(async () => {
  mesh = await testMesh();
  [host, alice, authority] = [await mesh.device('host'), await mesh.device('alice'), await keysFrom(mesh.authority.privateKey)];
});

const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0).reverse()) end();
});

const signal = (): AbortSignal => new AbortController().signal;

function listening(server: Server): Promise<number> {
  const open = new Set<Socket>();
  server.on('connection', (socket: Socket) => open.add(socket));
  ends.push(() => {
    server.close();
    for (const socket of open) socket.destroy();
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)));
}

interface Heard {
  readonly port: number;
  readonly acceptor: TlsAcceptor;
  /** What became of each connection, in order: who it was, or why not. */
  readonly events: string[];
  /** Resolves with the next one. */
  next(): Promise<string>;
}

async function accepting(identity: () => Identity = () => host, options: Partial<TlsAcceptorOptions> = {}): Promise<Heard> {
  const events: string[] = [];
  const waiting: ((event: string) => void)[] = [];
  const tell = (event: string): void => {
    events.push(event);
    waiting.shift()?.(event);
  };
  const acceptor = createTlsAcceptor({
    protocol: 'h2', certificate: 'asked', expiredOk: true, ...options,
    accept: (socket, proven) => {
      const caller = callerOf(proven);
      tell(caller.kind === 'certified' ? `${caller.id}${caller.expired ? ' expired' : ''}` : caller.kind);
      socket.end('hello');
    },
    refused: (_remote, problem) => tell(`refused ${problem}`),
  });
  const port = await listening(createTcp((socket) => acceptor.take(socket, identity())));
  return { port, acceptor, events, next: () => new Promise((resolve) => waiting.push(resolve)) };
}

/** Connects as any client could, with any certificates. Resolves with what it got before the end. */
function come(port: number, options: ConnectionOptions = {}): Promise<string> {
  return new Promise((resolve) => {
    let got = '';
    const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false, ALPNProtocols: ['h2'], ...options });
    socket.on('data', (bytes: Buffer) => (got += bytes.toString()));
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(`${got}${error.code}`));
    socket.on('close', () => resolve(got));
  });
}

const as = ({ privateKey, chain }: Pick<Identity, 'privateKey' | 'chain'>): ConnectionOptions => ({ key: pemOf(privateKey, 'PRIVATE KEY'), cert: chain.map((der) => pemOf(der)).join('') });

async function dial(port: number, expectId = 'host', { root = mesh.root, identity = alice }: { root?: Uint8Array; identity?: Identity } = {}): Promise<string> {
  const socket = connectTcp(port, '127.0.0.1');
  try {
    const { proven, socket: secure } = await dialTls(socket, { root, expectId, identity }, 'h2', 'there');
    secure.destroy();
    return `proven ${proven.id}`;
  } catch (error) {
    const { code, detail } = asFailure(error);
    return `${code} ${String(detail['problem'] ?? '')}`.trim();
  } finally {
    socket.destroy();
  }
}

test('who proves itself is known by name, who does not is anonymous, who ended is told as such', async () => {
  const { port, events } = await accepting();
  expect(await come(port, as(alice))).toBe('hello');
  expect(await come(port)).toBe('hello');
  expect(await come(port, as(await mesh.device('late', { fromMs: -2 * hourMs, toMs: -hourMs })))).toBe('hello');
  expect(events).toEqual(['alice', 'anonymous', 'late expired']);
});

test('chains that prove nothing are turned away, whatever is wrong with them', async () => {
  const { port, next } = await accepting();
  const own = await keysOf();
  const leaf = async (...more: Parameters<typeof forge> extends [string, Keys, ...infer Rest] ? Rest : never): Promise<Identity> => ({ privateKey: own.privateKey, chain: [await forge('mallory', own, ...more), ...mesh.authority.chain], authority: null });
  const other = await testMesh();
  const stranger = await other.device('alice');
  const rsa = await keysOf('RSA');
  const wrong: [string, Pick<Identity, 'privateKey' | 'chain'>, string][] = [
    ['other mesh', stranger, 'foreign'],
    ['other mesh, our root sent behind it', { ...stranger, chain: [...stranger.chain.slice(0, 2), mesh.root] }, 'foreign'],
    ['other mesh, our authority sent behind it', { ...stranger, chain: [stranger.chain[0] as Uint8Array, ...mesh.authority.chain] }, 'foreign'],
    ['not yet', await mesh.device('early', { fromMs: hourMs, toMs: 2 * hourMs }), 'not-yet-valid'],
    ['signed by a device', { privateKey: own.privateKey, chain: [await forge('mallory', own, await keysFrom(alice.privateKey), 'alice', { issuer: [['CN', 'alice']] }), ...alice.chain] }, 'malformed'],
    ['an authority', { privateKey: mesh.authority.privateKey, chain: mesh.authority.chain }, 'malformed'],
    ['the root', { privateKey: mesh.rootKey, chain: [mesh.root] }, 'malformed'],
    ['CN is not SAN', await leaf(authority, 'host', { names: [{ type: 'dns', value: 'alice' }] }), 'malformed'],
    ['two SANs', await leaf(authority, 'host', { names: [{ type: 'dns', value: 'mallory' }, { type: 'dns', value: 'alice' }] }), 'malformed'],
    ['no EKU', await leaf(authority, 'host', { extendedKeyUsage: [] }), 'malformed'],
    ['self-signed', await leaf(own, 'mallory', { issuer: [['CN', 'mallory']] }), 'malformed'],
    ['RSA', { privateKey: rsa.privateKey, chain: [await forge('mallory', rsa, authority, 'host'), ...mesh.authority.chain] }, 'malformed'],
    ['no authority sent', { privateKey: alice.privateKey, chain: alice.chain.slice(0, 1) }, 'malformed'],
  ];
  for (const [name, identity, problem] of wrong) {
    const told = next();
    expect(await come(port, as({ ...identity, chain: identity.chain.filter((der, at, all) => all.findIndex((one) => Buffer.from(one).equals(der)) === at) })), name).not.toContain('hello');
    expect(await told, name).toBe(`refused ${problem}`);
  }
});

test('TLS 1.2, another protocol, no protocol and clear text are turned away', async () => {
  const { port, acceptor } = await accepting();
  expect(await come(port, { ...as(alice), maxVersion: 'TLSv1.2' })).toMatch(/ALERT_PROTOCOL_VERSION/);
  expect(await come(port, { ...as(alice), ALPNProtocols: ['webmesh-raft'] })).toMatch(/NO_APPLICATION_PROTOCOL/);
  expect(await come(port, { ...as(alice), ALPNProtocols: [] })).not.toContain('hello');
  const socket = connectTcp(port, '127.0.0.1', () => socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'));
  socket.on('error', () => {});
  socket.resume();
  await new Promise((resolve) => socket.on('close', resolve));
  expect(acceptor.unfinished).toBe(0);
});

test('no session is resumed: what was revoked or has ended cannot come back by a ticket', async () => {
  const { port, events } = await accepting();
  const visit = (options: ConnectionOptions): Promise<{ reused: boolean | null; sessions: Buffer[] }> => new Promise((resolve) => {
    const sessions: Buffer[] = [];
    let reused: boolean | null = null;
    const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false, ALPNProtocols: ['h2'], ...options });
    socket.on('session', (session: Buffer) => sessions.push(session));
    socket.on('secureConnect', () => (reused = socket.isSessionReused()));
    socket.on('error', () => {});
    socket.on('close', () => resolve({ reused, sessions }));
    socket.resume();
  });
  for (const options of [as(alice), {}]) {
    for (const session of (await visit(options)).sessions) expect((await visit({ session, ...tlsOnly13 })).reused).toBe(false);
  }
  expect(events.filter((event) => event === 'alice')).toHaveLength(1);
  // Tickets were offered, and used in vain.
  expect(events.length).toBeGreaterThan(2);
});

test('half-open handshakes are few, short and leave nothing behind', async () => {
  const { port, acceptor, next } = await accepting(() => host, { unfinishedMax: 6, unfinishedPerSourceMax: 4, unfinishedMs: 300 });
  const silent = (localAddress: string): Promise<'closed' | 'open'> => new Promise((resolve) => {
    const socket = connectTcp({ port, host: '127.0.0.1', localAddress });
    ends.push(() => socket.destroy());
    socket.on('error', () => {});
    socket.on('close', () => resolve('closed'));
    setTimeout(() => resolve('open'), 100);
  });
  const results = await Promise.all([...Array.from({ length: 8 }, () => silent('127.0.0.1')), ...Array.from({ length: 4 }, () => silent('127.0.0.2'))]);
  expect(results.filter((result) => result === 'open')).toHaveLength(6);
  expect(results.slice(0, 8).filter((result) => result === 'open')).toHaveLength(4);
  expect(acceptor.unfinished).toBe(6);
  expect(await next()).toBe('refused ERR_TLS_HANDSHAKE_TIMEOUT');
  await expect.poll(() => acceptor.unfinished).toBe(0);
  expect(await come(port, as(alice))).toBe('hello');
});

test('a handshake that the other end leaves, or that stops in the middle, is forgotten', async () => {
  const { port, acceptor } = await accepting();
  for (const bytes of [Buffer.alloc(0), Buffer.from('160301', 'hex'), Buffer.from('16030100050100000100', 'hex')]) {
    const socket = connectTcp(port, '127.0.0.1', () => socket.end(bytes));
    socket.on('error', () => {});
    socket.resume();
    await new Promise((resolve) => socket.on('close', resolve));
  }
  await expect.poll(() => acceptor.unfinished).toBe(0);
});

test('a renewed identity is used by the next handshake, without a restart', async () => {
  let current = host;
  const { port } = await accepting(() => current);
  const before = await probeTls(`127.0.0.1:${port}`, signal());
  current = await mesh.device('host');
  const after = await probeTls(`127.0.0.1:${port}`, signal());
  expect([before[0], after[0]].map((der) => Buffer.from(der ?? []))).toEqual([host.chain[0], current.chain[0]].map((der) => Buffer.from(der ?? [])));
  expect(await dial(port)).toBe('proven host');
});

test('a probe shows the chain as it is, the root last', async () => {
  const { port } = await accepting();
  expect((await probeTls(`127.0.0.1:${port}`, signal())).map((der) => Buffer.from(der))).toEqual(host.chain.map((der) => Buffer.from(der)));
});

test('a dial names who must answer', async () => {
  const { port } = await accepting();
  expect(await dial(port)).toBe('proven host');
  expect(await dial(port, 'alice')).toBe('auth.wrong-mesh another node');
  expect(await dial(port, 'host', { root: (await testMesh()).root })).toBe('auth.wrong-mesh another root');
});

/** A server that presents anything and checks nothing. */
async function impostor(identity: Pick<Identity, 'privateKey' | 'chain'>, options: object = {}): Promise<number> {
  const server = createTls({ ...serverOptions({ ...identity, authority: null }, 'h2'), ...options }, (socket: TLSSocket) => {
    socket.on('error', () => {});
    socket.resume();
  });
  server.on('tlsClientError', () => {});
  return listening(server);
}

test('a dial believes no chain that proves nothing', async () => {
  const own = await keysOf();
  const leaf = async (...more: Parameters<typeof forge> extends [string, Keys, ...infer Rest] ? Rest : never): Promise<Identity> => ({ privateKey: own.privateKey, chain: [await forge('host', own, ...more), ...mesh.authority.chain], authority: null });
  const wrong: [Pick<Identity, 'privateKey' | 'chain'>, string][] = [
    [await (await testMesh()).device('host'), 'auth.wrong-mesh another root'],
    [await mesh.device('host', { fromMs: -2 * hourMs, toMs: -hourMs }), 'auth.expired expired'],
    [await mesh.device('host', { fromMs: hourMs, toMs: 2 * hourMs }), 'auth.expired not-yet-valid'],
    [{ privateKey: own.privateKey, chain: [await forge('host', own, await keysFrom(alice.privateKey), 'alice', { issuer: [['CN', 'alice']] }), ...alice.chain] }, 'auth.wrong-mesh unreadable certificates'],
    [await leaf(authority, 'host', { names: [{ type: 'dns', value: 'x' }] }), 'auth.wrong-mesh unreadable certificates'],
    [await leaf(authority, 'host', { extendedKeyUsage: [] }), 'auth.wrong-mesh unreadable certificates'],
    [await leaf(own, 'host', { issuer: [['CN', 'host']] }), 'auth.wrong-mesh unreadable certificates'],
  ];
  for (const [identity, verdict] of wrong) expect(await dial(await impostor(identity))).toBe(verdict);
});

test('a dial goes no further than TLS 1.3, its own protocol, and TLS at all', async () => {
  expect(await dial(await impostor(host, { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' }))).toMatch(/^mesh.incompatible/);
  expect(await dial(await impostor(host, { ALPNProtocols: ['http/1.1'] }))).toMatch(/^mesh.incompatible/);
  const speaks = (text: string): Promise<number> => listening(createTcp((socket) => socket.on('error', () => {}).end(text)));
  // Settings of HTTP/2, which a gRPC server in clear text sends first; a web server's answer; a letter.
  for (const text of ['\0\0\x12\x04\0\0\0\0\0\0\x03\0\0\0\x80', 'HTTP/1.1 400 Bad Request\r\n\r\n', 'SSH-2.0-x\r\n']) expect(await dial(await speaks(text))).toBe('auth.clear-text');
  expect(await dial(await speaks(''))).toBe('mesh.unreachable');
  await expect(probeTls(`127.0.0.1:${await speaks('HTTP/1.1 400 Bad Request\r\n\r\n')}`, signal())).rejects.toMatchObject({ code: 'auth.clear-text' });
});

test('a dial to one who is silent ends with the signal', async () => {
  const port = await listening(createTcp(() => {}));
  const controller = new AbortController();
  const socket = connectTcp(port, '127.0.0.1');
  const dialled = dialTls(socket, { root: mesh.root, expectId: 'host' }, 'h2', 'there', controller.signal);
  setTimeout(() => controller.abort(new Error('enough')), 50);
  await expect(dialled).rejects.toThrow('enough');
  expect(socket.destroyed).toBe(true);
});
