import { execFileSync, execSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { NodeSpec, WatchResponse } from '../../src/gen/webmesh/helper/v1/helper.ts';
import { secretTextsOf } from '../../src/helper/node-spec.ts';
import { HelperUnderTest, failureOf, missingForTunnels, sh, specOf, until } from './helper-harness.ts';

const missing = missingForTunnels();
const tag = process.pid.toString(36);
const namespace = `wmlt${tag}`;
const tunnelId = `t${tag}`.padEnd(12, 'x');
const group = 20_990;
const users = { ann: 20_001, bob: 20_002, carl: 20_003, 'webmesh-node': 20_991 } as const;
type User = keyof typeof users;

let folder = '';
let helper: HelperUnderTest;
beforeAll(() => {
  if (missing !== null) return;
  sh(`ip netns add ${namespace}; ip -n ${namespace} link set lo up`);
  folder = mkdtempSync('/tmp/wmlt-');
  chmodSync(folder, 0o755);
  mkdirSync(join(folder, 'h'));
  // A machine where the product is installed: its group, its user, and people.
  const passwd = Object.entries(users).map(([name, id]) => `${name}:x:${id}:${id}::/nonexistent:/bin/false`);
  writeFileSync(join(folder, 'passwd'), `${readFileSync('/etc/passwd', 'utf8')}${passwd.join('\n')}\n`, { mode: 0o644 });
  writeFileSync(join(folder, 'group'), `${readFileSync('/etc/group', 'utf8')}webmesh:x:${group}:ann,bob\n`, { mode: 0o644 });
  helper = new HelperUnderTest(namespace, join(folder, 'h'));
  helper.sockets = [`wm${tunnelId.slice(0, 10)}.sock`];
});
afterEach(async () => {
  if (missing !== null) return;
  await helper.stop();
  for (const part of ['run', 'state']) rmSync(join(helper.folder, part), { recursive: true, force: true });
});
afterAll(() => void (missing === null && sh(`ip netns del ${namespace}; rm -rf ${folder}`)));

async function startInstalled(): Promise<void> {
  helper.confined = ['unshare', '-m', 'sh', '-c', `mount --bind ${folder}/passwd /etc/passwd && mount --bind ${folder}/group /etc/group && exec "$0" "$@"`];
  await helper.start();
  helper.confined = [];
}

/** One call as one of the people. Members of the group have it as they would after logging in. */
function as(user: User, call: string, input: unknown = {}, socket = helper.socket): Record<string, never> & { failed?: { code: string; detail: Record<string, unknown> } | string } {
  const groups = user === 'ann' || user === 'bob' ? `--groups=${group}` : '--clear-groups';
  const argv = [`--reuid=${users[user]}`, `--regid=${users[user]}`, groups, helper.place.node, join(import.meta.dirname, 'support/helper-caller.ts'), socket, call, JSON.stringify(input)];
  return JSON.parse(execFileSync('setpriv', argv, { encoding: 'utf8', cwd: '/' })) as never;
}
const failed = (answer: ReturnType<typeof as>): unknown => (typeof answer.failed === 'object' ? [answer.failed.code, answer.failed.detail['holder']] : answer);
const order = (epoch: number, revision: number) => ({ epoch: String(epoch), revision: String(revision) });
const spec = { tunnelId, addresses: ['172.29.0.1/32'], routes: ['172.29.0.0/16'], listenPort: 51_907 };
const nodeSpec = { tunnelId, nodeId: 'alpha', raftPort: 9443, grpcPort: 8443, insecure: true, services: { meshApi: true }, bootstrap: { networkName: 'home', ipv4Network: '172.29.0.0/16' } };

describe.runIf(missing === null)(`whom the helper serves${missing === null ? '' : ` (missing: ${missing})`}`, { timeout: 240_000 }, () => {
  test('two members of the group: each has keys of its own, one has the tunnel, the other is told who', async () => {
    await startInstalled();
    const [anns, bobs] = [as('ann', 'hello', { tunnelId }), as('bob', 'hello', { tunnelId })];
    expect([anns['publicKey'] === bobs['publicKey'], as('ann', 'hello', { tunnelId })['publicKey'] === anns['publicKey']]).toEqual([false, true]);
    expect(failed(as('ann', 'apply', { generation: order(1, 1), spec }))).toMatchObject({ state: { phase: 2, publicKey: anns['publicKey'] } });
    expect(failed(as('bob', 'apply', { generation: order(2, 1), spec }))).toEqual(['helper.declined', 'ann']);
    expect(failed(as('bob', 'clear', { generation: order(2, 2), tunnelId }))).toEqual(['helper.declined', 'ann']);
    expect(failed(as('bob', 'node', { generation: order(2, 3), tunnelId, spec: nodeSpec }))).toEqual(['helper.declined', 'ann']);
    expect(as('bob', 'watch')).toEqual(WatchResponse.toJSON(WatchResponse.fromPartial({ networks: [] })));
    expect(JSON.parse(as('bob', 'diagnostics')['report'] as unknown as string)).toMatchObject({ now: null, log: [], nodeLogs: [] });
    expect([failed(as('bob', 'shutdown')), failed(as('ann', 'shutdown'))]).toEqual([['auth.not-permitted', undefined], ['auth.not-permitted', undefined]]);

    const started = as('ann', 'node', { generation: order(1, 2), tunnelId, spec: nodeSpec })['state'] as unknown as { socketPath: string; pid: number };
    await until(() => existsSync(started.socketPath), 'the node opens its socket', 20_000);
    expect([as('ann', 'knock', {}, started.socketPath), as('bob', 'knock', {}, started.socketPath), as('carl', 'knock', {}, started.socketPath)]).toEqual(['in', 'EACCES', 'EACCES']);
    expect(Number(/^Uid:\t(\d+)/m.exec(readFileSync(`/proc/${started.pid}/status`, 'utf8'))?.[1])).toBe(users['webmesh-node']);
    // The node process of another network runs as the same user: its folder lets it pass, the process does not. 12: no such method there.
    expect([as('webmesh-node', 'knock', {}, started.socketPath), as('webmesh-node', 'hello', {}, started.socketPath).failed, as('ann', 'hello', {}, started.socketPath).failed]).toEqual(['in', 'grpc 14', 'grpc 12']);

    expect(failed(as('ann', 'clear', { generation: order(1, 3), tunnelId }))).toEqual({});
    expect(failed(as('bob', 'apply', { generation: order(2, 4), spec }))).toEqual(['helper.declined', 'ann']);
    as('ann', 'node', { generation: order(1, 4), tunnelId });
    expect(failed(as('bob', 'apply', { generation: order(2, 5), spec }))).toMatchObject({ state: { publicKey: bobs['publicKey'] } });
    expect((await helper.clear(3, 1, tunnelId).then(() => 'root may', (error: unknown) => String(error)))).toBe('root may');
  });

  test('who is no member, and the node\'s own user, are not heard, also when the socket is open to all', async () => {
    await startInstalled();
    expect([statSync(helper.socket).mode & 0o777, statSync(helper.socket).gid]).toEqual([0o660, group]);
    expect([as('carl', 'knock'), as('webmesh-node', 'knock')]).toEqual(['EACCES', 'EACCES']);
    chmodSync(helper.socket, 0o666);
    expect([as('carl', 'hello'), as('webmesh-node', 'hello')].map(({ failed: why }) => why)).toEqual(['grpc 14', 'grpc 14']);
    expect(as('ann', 'hello')['version']).toBe('0.1.0');
  });

  test('the next key: made once, waits through kill -9, takes over when it is named, and the old one is gone', async () => {
    await helper.start();
    const first = await helper.hello(tunnelId);
    const next = await helper.hello(tunnelId, true);
    expect([first.nextPublicKey, next.publicKey === first.publicKey, next.nextPublicKey.length, Math.abs(Number(first.keyMadeMs) - Date.now()) < 120_000]).toEqual(['', true, 44, true]);
    const applied = await helper.apply(1, 1, specOf(spec));
    expect(applied.publicKey).toBe(first.publicKey);
    await helper.signal('SIGKILL');
    await helper.start();
    expect([(await helper.hello(tunnelId, true)).nextPublicKey, (await helper.hello(tunnelId)).publicKey]).toEqual([next.nextPublicKey, first.publicKey]);
    const keys = join(helper.folder, 'state/keys/0');
    const old = readFileSync(join(keys, tunnelId), 'utf8').trim();
    await helper.apply(2, 1, specOf(spec));
    expect((await helper.apply(2, 2, specOf({ ...spec, publicKey: next.nextPublicKey }))).publicKey).toBe(next.nextPublicKey);
    const after = await helper.hello(tunnelId);
    expect([after.publicKey, after.nextPublicKey, readdirSync(keys), readFileSync(join(keys, tunnelId), 'utf8').includes(old)]).toEqual([next.nextPublicKey, '', [tunnelId], false]);
    expect((await failureOf(helper.apply(2, 3, specOf({ ...spec, publicKey: first.publicKey })))).code).toBe('input.invalid');
    expect((await helper.apply(2, 4, specOf(spec))).publicKey).toBe(next.nextPublicKey);
  });

  test('an identity is in nothing that leaves: no log, no diagnostics, no state, no error, no command line, no environment, no file', async () => {
    await helper.start();
    const identity = { privateKey: randomBytes(138), chain: [randomBytes(500), randomBytes(400)], authorityKey: randomBytes(138), authorityChain: [randomBytes(400), randomBytes(400)] };
    const good = NodeSpec.fromPartial({ ...nodeSpec, insecure: false, identity });
    const texts = secretTextsOf(good);
    const errors = await Promise.all([{ insecure: true }, { identity: { ...identity, chain: [] } }, { nodeId: '-' }].map((change, i) => failureOf(helper.setNode(1, i + 1, NodeSpec.fromPartial({ ...good, ...change })))));
    expect(errors.map(({ code }) => code)).toEqual(['input.invalid', 'input.invalid', 'input.invalid']);
    const state = await helper.setNode(1, 9, good);
    // It cannot be a real one, so the process complains about it as loudly as it may.
    const seen = await helper.watch(({ node }) => (node?.problem ?? '') !== '', 30_000);
    const pid = seen.node?.pid || state.pid;
    const ofProcess = existsSync(`/proc/${pid}`) ? `${readFileSync(`/proc/${pid}/cmdline`, 'utf8')}${readFileSync(`/proc/${pid}/environ`, 'utf8')}` : '';
    const files = execSync(`find ${helper.folder} -type f -size -4M -exec cat {} +`, { encoding: 'latin1', maxBuffer: 64 << 20 });
    const outputs = { errors: JSON.stringify(errors), state: JSON.stringify(WatchResponse.toJSON({ networks: seen.networks })), diagnostics: (await helper.diagnostics()).report, log: helper.stderr, ofProcess, files };
    const raw = [identity.privateKey, identity.authorityKey].map((key) => key.subarray(0, 24).toString('latin1'));
    const found = Object.entries(outputs).flatMap(([name, text]) => [...texts, ...raw].filter((each) => text.includes(each)).map(() => name));
    expect([found, Object.values(outputs).map((text) => text.length > 0)]).toEqual([[], [true, true, true, true, ofProcess.length > 0, true]]);
  });
});
