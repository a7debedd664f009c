/**
 * The only code that runs as root: another user at its socket, garbage at its socket, orders that would make the caller as good as root, and
 * every file that it opens turned into a symbolic link, a hard link or somebody else's file before it starts.
 */
import { chmodSync, chownSync, linkSync, lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { connect as connectHttp2 } from 'node:http2';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { credentials } from '@grpc/grpc-js';
import { HelperClient, NodeSpec, TunnelSpec } from '../../../src/gen/webmesh/helper/v1/helper.ts';
import { failureOf, type HelperUnderTest } from '../../system/helper-harness.ts';
import { type Attack, demand, once, pause, summary, until } from '../attack.ts';
import { knockAs, otherUid } from '../clients/other-user.ts';
import { missingForHelper, newHelper } from '../worlds/helper.ts';

const running = once(async () => {
  const helper = newHelper();
  await helper.start();
  return helper;
});

const codeOf = (error: unknown): Promise<string> => failureOf(Promise.reject(error)).then(({ code }) => code);

async function rootWorks(): Promise<void> {
  const { publicKey } = await (await running()).hello('attack');
  demand(publicKey.length === 44, 'root is answered');
}

/** Raw bytes into the socket as root: even the most trusted caller may send garbage. */
function send(path: string, bytes: Buffer): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(path);
    const timer = setTimeout(() => socket.destroy(), 3_000);
    socket.on('error', () => {}).resume();
    socket.on('close', () => {
      clearTimeout(timer);
      resolve('closed');
    });
    socket.write(bytes);
  });
}

function oversized(path: string): Promise<string> {
  return new Promise((resolve) => {
    const session = connectHttp2('http://localhost', { createConnection: () => connect(path) });
    session.on('error', () => resolve('closed'));
    const stream = session.request({ ':method': 'POST', ':path': '/webmesh.helper.v1.Helper/ApplyTunnel', 'content-type': 'application/grpc', te: 'trailers' });
    const hear = (headers: Record<string, unknown>): void => {
      if (headers['grpc-status'] !== undefined) resolve(headers['grpc-status'] === '0' ? 'let in' : 'refused');
    };
    stream.on('response', hear).on('trailers', hear).on('error', () => resolve('refused')).resume();
    stream.on('close', () => session.destroy());
    stream.end(Buffer.concat([Buffer.from([0, 2, 0, 0, 0]), Buffer.alloc(2 << 24)]));
  });
}

const greedy: readonly (readonly [string, Partial<TunnelSpec>])[] = [
  ['the whole Internet', { routes: ['0.0.0.0/0'] }], ['the whole Internet in halves', { routes: ['0.0.0.0/1', '128.0.0.0/1'] }], ['IPv6 at all', { routes: ['::/0'] }], ['a public network', { routes: ['8.8.8.0/24'] }], ['loopback', { routes: ['127.0.0.0/8'] }],
  ['link-local', { routes: ['169.254.0.0/16'] }], ['a public address', { addresses: ['8.8.8.8/32'] }], ['loopback as its own', { addresses: ['127.0.0.2/32'] }], ['a tunnel with a path', { tunnelId: '../../etc' }], ['a port of root', { listenPort: 53 }],
  ['a peer for everything', { peers: [{ publicKey: Buffer.alloc(32, 1).toString('base64'), endpoint: '', allowedIps: ['0.0.0.0/0'], keepaliveSeconds: 0, push: 0, restart: 0 }] }], ['an option', { addresses: ['-batch'] }],
];

/** What a helper opens, below its folder; the second says whether a folder is expected there. */
const opened: readonly (readonly [string, boolean])[] = [
  ['state/journal', false], ['state/journals', true], ['state/journals/attack', false], ['state/keys', true], ['state/helper.lock', false], ['state/helper.log', false], ['run/fence.json', false], ['run/fence.json.new', false], ['run/helper.lock', false], ['run/helper.sock', false], ['run/node-process.json', false], ['run/node-process.attack.json', false], ['state/nodes', true], ['run/nodes', true],
];

/** Starts a helper over a planted thing, has it do all it does with files, and says whether the victim was touched. */
async function planted(path: string, isFolder: boolean, plant: (at: string, victim: string) => void): Promise<string> {
  const helper = newHelper();
  const victim = join(dirname(helper.folder), isFolder ? 'victim-folder' : 'victim');
  for (const name of ['run', 'state']) mkdirSync(join(helper.folder, name), { mode: 0o755, recursive: true });
  if (isFolder) mkdirSync(victim, { mode: 0o700 });
  else writeFileSync(victim, '{"victim":true}\n', { mode: 0o600 });
  const before = look(victim);
  mkdirSync(dirname(join(helper.folder, path)), { mode: 0o700, recursive: true });
  plant(join(helper.folder, path), victim);
  const child = helper.launch('--log-to-file');
  child.stderr?.resume();
  await pause(1_200);
  if (child.exitCode === null) await useAll(helper).catch(() => {});
  child.kill('SIGTERM');
  await new Promise((resolve) => (child.exitCode === null && child.signalCode === null ? child.once('exit', resolve) : resolve(undefined)));
  return look(victim) === before ? 'untouched' : `${path} led to the victim`;
}

function look(victim: string): string {
  const { mode, uid, gid, nlink } = statSync(victim);
  const inside = statSync(victim).isDirectory() ? readdirSync(victim).join() : readFileSync(victim, 'utf8');
  return JSON.stringify([mode, uid, gid, lstatSync(victim).isDirectory() ? 0 : Math.min(nlink, 1), inside]);
}

async function useAll(helper: HelperUnderTest): Promise<void> {
  helper.client = new HelperClient(`unix:${helper.socket}`, credentials.createInsecure());
  const late = pause(4_000).then(() => Promise.reject(new Error('late')));
  await Promise.race([late, (async () => {
    await helper.hello('attack');
    await helper.apply(1, 1, TunnelSpec.fromPartial({ tunnelId: 'attack', addresses: ['10.99.0.1/32'], routes: ['10.99.0.0/16'] })).catch(() => {});
    await helper.setNode(1, 1, NodeSpec.fromPartial({ tunnelId: 'attack', nodeId: 'a', insecure: true, raftPort: 19_443, grpcPort: 18_443 })).catch(() => {});
    await helper.clear(1, 2).catch(() => {});
  })()]);
}

async function allPlants(plant: (at: string, victim: string) => void, only: (isFolder: boolean) => boolean = () => true): Promise<string> {
  const seen: string[] = [];
  for (const [path, isFolder] of opened.filter(([, folder]) => only(folder))) seen.push(await planted(path, isFolder, plant));
  return summary(seen);
}

export const helper: readonly Attack[] = [
  {
    name: 'helper-socket-other-user', aim: 'helper socket', expected: 'EACCES', missing: missingForHelper, counter: rootWorks,
    attack: async () => knockAs(otherUid, (await running()).socket, 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
  },
  {
    name: 'helper-socket-other-user-open-modes', aim: 'helper socket', expected: 'closed', missing: missingForHelper, counter: rootWorks,
    attack: async () => {
      const { socket } = await running();
      chmodSync(socket, 0o666);
      const seen = await knockAs(otherUid, socket, 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0');
      chmodSync(socket, 0o600);
      return seen;
    },
  },
  {
    name: 'helper-socket-malformed', aim: 'helper socket', expected: 'closed / refused', missing: missingForHelper, counter: rootWorks,
    attack: async () => {
      const { socket } = await running();
      const seen = await Promise.all([Buffer.alloc(100_000, 0xff), Buffer.from('GET / HTTP/1.1\r\n\r\n'), Buffer.from(`PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n${'\xff'.repeat(5_000)}`, 'latin1')].map((bytes) => send(socket, bytes)));
      const large = await oversized(socket);
      await rootWorks();
      return summary([...seen, large]);
    },
  },
  {
    name: 'helper-orders-of-a-thief', aim: 'ApplyTunnel', expected: 'input.invalid', missing: missingForHelper,
    counter: async () => {
      const helper = await running();
      const answer = await helper.apply(1, 1, TunnelSpec.fromPartial({ tunnelId: 'attack', addresses: ['10.99.0.1/32'], routes: ['10.99.0.0/16'] })).catch((error: unknown) => String(error));
      // Without an engine a good order is refused for that reason alone.
      demand(typeof answer !== 'string' || /engine|tunnel\./.test(answer), `a modest order is taken: ${String(answer)}`);
      await helper.clear(1, 2);
    },
    attack: async () => {
      const helper = await running();
      const seen: string[] = [];
      for (const [, part] of greedy) seen.push((await failureOf(helper.apply(2, 1, TunnelSpec.fromPartial({ tunnelId: 'attack', addresses: ['10.99.0.1/32'], routes: [], ...part })))).code);
      return summary(seen);
    },
  },
  {
    name: 'helper-networks-without-end', aim: 'keys, journals and memory of root', expected: 'bounded', missing: missingForHelper, counter: rootWorks,
    attack: async () => {
      const helper = newHelper();
      await helper.start();
      const ids = Array.from({ length: 1_000 }, (_, n) => `greedy${n}`);
      const codes = new Set(await Promise.all(ids.map((id) => helper.hello(id, true).then(() => 'made', codeOf))));
      for (const [n, id] of ids.entries()) await helper.clear(1, n + 1, id);
      for (let n = 0; n < 20; n++) codes.add(await helper.setNode(1, 1, NodeSpec.fromPartial({ tunnelId: `greedy${n}x`, nodeId: 'a', insecure: true, raftPort: 19_000 + n, grpcPort: 18_000 + n })).then(() => 'made', codeOf));
      const { networks } = await helper.watch(() => true);
      const sizes = { keys: readdirSync(join(helper.folder, 'state/keys/0')).length, networks: networks.length, fence: statSync(join(helper.folder, 'run/fence.json')).size };
      demand([...codes].sort().join() === 'input.limit,made', `only the limit refuses: ${[...codes].join()}`);
      return sizes.keys <= 512 && sizes.networks <= 8 && sizes.fence < 16_384 ? 'bounded' : JSON.stringify(sizes);
    },
  },
  { name: 'symlink-for-every-file', aim: 'files of root', expected: 'untouched', missing: missingForHelper, counter: rootWorks, attack: () => allPlants((at, victim) => symlinkSync(victim, at)) },
  { name: 'hardlink-for-every-file', aim: 'files of root', expected: 'untouched', missing: missingForHelper, counter: rootWorks, attack: () => allPlants((at, victim) => linkSync(victim, at), (isFolder) => !isFolder) },
  {
    name: 'folder-of-another-user', aim: 'folders of root', expected: 'refused to start', missing: missingForHelper, counter: rootWorks,
    attack: async () => {
      const bends: ((folder: string) => void)[] = [
        (folder) => chownSync(join(folder, 'state'), otherUid, otherUid), (folder) => chmodSync(join(folder, 'run'), 0o777), (folder) => chownSync(folder, otherUid, otherUid), (folder) => chmodSync(folder, 0o777),
        (folder) => {
          rmSync(join(folder, 'state'), { recursive: true });
          mkdirSync(`${folder}-elsewhere`);
          chownSync(`${folder}-elsewhere`, otherUid, otherUid);
          symlinkSync(`${folder}-elsewhere`, join(folder, 'state'));
        },
      ];
      const seen: string[] = [];
      for (const bend of bends) {
        const helper = newHelper();
        for (const name of ['run', 'state']) mkdirSync(join(helper.folder, name), { mode: 0o755 });
        bend(helper.folder);
        const child = helper.launch();
        let said = '';
        child.stderr?.on('data', (data) => (said += String(data)));
        await until(() => child.exitCode !== null || said.includes('"event":"serving"'), 20_000, 'it starts or refuses');
        seen.push(child.exitCode === null || child.exitCode === 0 ? 'it started' : 'refused to start');
        child.kill('SIGKILL');
      }
      return summary(seen);
    },
  },
];
