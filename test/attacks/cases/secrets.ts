/**
 * Keys and tokens where they must not be: command lines and environments of all processes, logs at their most talkative, reports, diagnostics,
 * files that others may read, the replicated state. A real helper runs a real node as an unprivileged process with a real identity.
 */
import { chmodSync, lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { NodeSpec } from '../../../src/gen/webmesh/helper/v1/helper.ts';
import { createKeyring, withKey } from '../../../src/core/trust/keyring.ts';
import { createFileSecrets } from '../../../src/platform/secrets-file.ts';
import { Secret } from '../../../src/base/log.ts';
import { type Identity } from '../../../src/base/identity.ts';
import { createMeshKeys, toWire } from '../../node/mesh-keys.ts';
import { type Attack, atEnd, demand, once, summary, until } from '../attack.ts';
import { missingRoot, otherUid, readAs } from '../clients/other-user.ts';
import { missingForHelper, newHelper } from '../worlds/helper.ts';
import { inviteBy, meshWorld } from '../worlds/mesh.ts';

const world = once(async () => {
  const helper = newHelper();
  await helper.start();
  const identity = await (await createMeshKeys('test')).founder('host');
  await helper.setNode(1, 1, NodeSpec.fromPartial({
    tunnelId: 'secret', nodeId: 'host', raftPort: 19_443, grpcPort: 18_443, publicAddresses: ['127.0.0.1'], identity: toWire(identity), services: { leaderProxy: true, meshApi: true, peerDiscovery: true, metrics: true, admin: true },
    bootstrap: { networkName: 'test', ipv4Network: '10.99.0.0/16' },
  }));
  const { node } = await helper.watch(({ node }) => node?.running === true && node.problem === '', 20_000);
  return { helper, identity, pid: node?.pid ?? 0 };
});

/** A key as it could be written: whole, in hex, base64, base64url, PEM lines, and its secret number alone, which is what counts. */
export function formsOf(key: Uint8Array): readonly string[] {
  // RFC 5915 inside RFC 5208: the 32 bytes of the number follow 04 20 (or their tag and length).
  const at = Buffer.from(key).indexOf(Buffer.from('0201010420', 'hex'));
  const number = at === -1 ? Buffer.from(key).subarray(0, 32) : Buffer.from(key).subarray(at + 5, at + 37);
  const whole = Buffer.from(key);
  const base64 = whole.toString('base64');
  const forms = [number.toString('latin1'), number.toString('hex'), number.toString('hex').toUpperCase(), number.toString('base64').slice(0, 40), number.toString('base64url').slice(0, 40), whole.toString('hex').slice(-100, -20), base64.slice(50, 110), base64.slice(64, 128), [...number].join(',')];
  return forms.filter((form) => form.length >= 20);
}

function found(where: string, bytes: Buffer, secrets: readonly (readonly [string, Uint8Array])[]): string[] {
  const text = bytes.toString('latin1');
  return secrets.flatMap(([name, key]) => (formsOf(key).some((form) => text.includes(form)) ? [`${name} in ${where}`] : []));
}

const keysOf = (identity: Identity): readonly (readonly [string, Uint8Array])[] => [['the device key', identity.privateKey], ...(identity.authority ? [['the authority key', identity.authority.privateKey] as const] : [])];

function filesBelow(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

/** The search must be able to find: a planted copy is seen in every form. */
async function searchWorks(): Promise<void> {
  const key = (await createMeshKeys('test')).device('x').then(({ privateKey }) => privateKey);
  const bytes = await key;
  for (const form of formsOf(bytes)) demand(found('x', Buffer.from(`noise ${form} noise`, 'latin1'), [['k', bytes]]).length === 1, 'a planted key is found');
  demand(found('x', Buffer.from(bytes), [['k', bytes]]).length === 1, 'a whole key is found');
}

const clean = (bad: readonly string[]): string => (bad.length === 0 ? 'nothing found' : summary(bad));

export const secrets: readonly Attack[] = [
  {
    name: 'secrets-in-processes', aim: 'argv, environment', expected: 'nothing found', missing: missingForHelper, counter: searchWorks,
    attack: async () => {
      const { identity } = await world();
      const bad: string[] = [];
      for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
        for (const file of ['cmdline', 'environ']) {
          try {
            bad.push(...found(`${file} of a process`, readFileSync(`/proc/${pid}/${file}`), keysOf(identity)));
          } catch {
            // It ended, or is a kernel thread.
          }
        }
      }
      return clean(bad);
    },
  },
  {
    name: 'secrets-in-logs-and-diagnostics', aim: 'helper, node process', expected: 'nothing found', missing: missingForHelper, counter: searchWorks,
    attack: async () => {
      const { helper, identity } = await world();
      await helper.setNode(1, 2, NodeSpec.fromPartial({ tunnelId: 'secret', nodeId: 'host', raftPort: 19_443, grpcPort: 18_443, identity: { ...toWire(identity), chain: [Buffer.alloc(30, 1), Buffer.alloc(30, 2)] } })).catch(() => {});
      const { report } = await helper.diagnostics();
      return clean([...found('the log', Buffer.from(helper.stderr), keysOf(identity)), ...found('diagnostics', Buffer.from(report), keysOf(identity))]);
    },
  },
  {
    name: 'secrets-on-disk', aim: 'helper, node process', expected: 'nothing found', missing: missingForHelper, counter: searchWorks,
    attack: async () => {
      const { helper, identity } = await world();
      return clean(filesBelow(helper.folder).flatMap((path) => found(path.slice(helper.folder.length), readFileSync(path), keysOf(identity))));
    },
  },
  {
    name: 'secrets-in-memory-of-the-node', aim: 'node process', expected: 'closed to its own user, no core dumps', missing: missingForHelper, counter: searchWorks,
    attack: async () => {
      const { pid } = await world();
      // A process that may not be dumped belongs to root in /proc, whatever its user is. It says so before it reads its first byte.
      const owner = (): number => lstatSync(`/proc/${pid}/environ`).uid;
      await until(() => owner() === 0, 10_000, 'the process is closed');
      const core = /Max core file size\s+(\S+)/.exec(readFileSync(`/proc/${pid}/limits`, 'utf8'))?.[1];
      const user = /Uid:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
      const seen = await Promise.all(['environ', 'mem', 'maps'].map((file) => readAs(Number(user), `/proc/${pid}/${file}`)));
      return user !== '0' && core === '0' && seen.every((one) => one === 'EACCES' || one === 'EPERM') ? 'closed to its own user, no core dumps' : `owner ${owner()}, user ${user}, core ${core}, ${summary(seen)}`;
    },
  },
  {
    name: 'secrets-file-other-user', aim: 'secrets folder', expected: 'EACCES', missing: missingRoot,
    counter: async () => {
      const { store } = await kept();
      demand((await store.load('network-a')) !== undefined, 'its owner reads it');
    },
    attack: async () => {
      const { folder } = await kept();
      return summary(await Promise.all([join(folder, 'secrets'), join(folder, 'secrets', 'network-a')].map((path) => readAs(otherUid, path))));
    },
  },
  {
    name: 'secrets-file-planted', aim: 'secrets folder', expected: 'internal.secrets',
    counter: async () => demand((await (await kept()).store.load('network-a')) !== undefined, 'a good file is read'),
    attack: async () => {
      const { folder, store } = await kept();
      const elsewhere = join(folder, 'elsewhere');
      writeFileSync(elsewhere, 'x', { mode: 0o600 });
      symlinkSync(elsewhere, join(folder, 'secrets', 'network-b'));
      writeFileSync(join(folder, 'secrets', 'network-c'), 'x');
      chmodSync(join(folder, 'secrets', 'network-c'), 0o644);
      const code = (work: Promise<unknown>): Promise<string> => work.then(() => 'taken', (error: { code?: string }) => String(error.code));
      return summary([await code(store.load('network-b')), await code(store.save('network-b', 'y')), await code(store.load('network-c')), readFileSync(elsewhere, 'utf8') === 'x' ? 'internal.secrets' : 'overwritten']);
    },
  },
  {
    name: 'secrets-in-the-state', aim: 'replicated state', expected: 'nothing found', counter: searchWorks,
    attack: async () => {
      const { cluster, identity, nodes } = await meshWorld();
      const { token } = await inviteBy();
      await until(() => nodes.member.node.replica.state.appliedIndex() >= nodes.host.node.replica.state.appliedIndex(), 5_000, 'all have applied');
      const wanted = [['a token', new Uint8Array(token)] as const, ...['host', 'voter', 'member'].flatMap((id) => keysOf(identity(id)))];
      return clean(filesBelow(cluster.folder).flatMap((path) => found(path.slice(cluster.folder.length), readFileSync(path), wanted)));
    },
  },
  {
    name: 'secrets-printed-by-mistake', aim: 'Secret', expected: 'nothing found', counter: searchWorks,
    attack: async () => {
      const key = (await (await createMeshKeys('test')).device('x')).privateKey;
      const wrapped = new Secret({ key, hex: Buffer.from(key).toString('hex') });
      const printed = [String(wrapped), JSON.stringify({ wrapped }), inspect({ deep: { wrapped } }, { depth: 9, showHidden: true }), `${wrapped}`, JSON.stringify(Object.entries(wrapped))];
      return clean(found('what was printed', Buffer.from(printed.join('\n')), [['the key', key]]));
    },
  },
];

const kept = once(async () => {
  const folder = mkdtempSync('/tmp/wm-attack-secrets-');
  chmodSync(folder, 0o755);
  atEnd(() => rmSync(folder, { recursive: true }));
  const store = createFileSecrets(join(folder, 'secrets'));
  await createKeyring(store).create('a', withKey((await (await createMeshKeys('test')).device('x')).privateKey));
  return { folder, store };
});
