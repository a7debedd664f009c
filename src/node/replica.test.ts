import { copyFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Clock } from '../base/clock.ts';
import { silentLog } from '../base/log.ts';
import { seeded } from '../base/random.ts';
import { setAside } from '../platform/files.ts';
import { openDatabase } from '../platform/sqlite.ts';
import { parseControl } from './config.ts';
import { encodeEntry } from './consensus/entry.ts';
import { hears } from './consensus/hearing.ts';
import { openReplica, type Replica } from './replica.ts';
import { putRaftAclEntry } from './statements/statements.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'webmesh-replica-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const config = parseControl(JSON.stringify({ dataDir: '/d', socketPath: '/s', spec: { insecure: true, tunnelId: 't', nodeId: 'host', bootstrap: { networkName: 'n', ipv4Network: '10.0.0.0/8' } } }));
const still: Clock = { nowMs: () => 1_700_000_000_000, monotonicMs: () => 0, after: () => () => {} };
const file = (name: string): string => join(folder, name);

/** A sole voter on the folder's files; `turn` runs its loop until nothing is due. */
async function open(options: { snapshotEntries?: number; trailingEntries?: number } = {}): Promise<Replica & { turn(): void; broken: unknown[] }> {
  const due: (() => void)[] = [];
  const broken: unknown[] = [];
  const replica = await openReplica({ id: 'host', address: () => null }, config, {
    clock: still, random: seeded(1), log: silentLog,
    sockets: { listen: async () => ({ ok: false, problem: 'other', message: '' }), connect: () => Promise.reject(new Error('no network')) },
    openDatabase: (name) => openDatabase({ path: file(name), durability: name === 'raft.db' ? 'full' : 'normal' }),
    setAside: (name, word) => setAside(file(name), word),
    defer: (run) => void due.push(run),
    onBroken: (error) => broken.push(error),
  }, options);
  replica.start();
  const turn = (): void => {
    for (let run = due.shift(); run; run = due.shift()) run();
  };
  turn();
  return { ...replica, turn, broken };
}

async function write(replica: Awaited<ReturnType<typeof open>>, ...names: string[]): Promise<void> {
  for (const name of names) {
    const entry = putRaftAclEntry({ name, patterns: ['*'], voter: true, observer: true }, { seconds: 1n, nanos: 0 });
    const done = replica.driver.propose(encodeEntry(entry), new AbortController().signal);
    replica.turn();
    await done;
  }
}
const names = ({ state }: Replica): string => state.raftAcls().map(({ name }) => name).join('');

test('leads at once on an empty folder, and again on what it left', async () => {
  const first = await open();
  expect(first.driver.view.get()).toMatchObject({ role: 'leader', configuration: { servers: [{ id: 'host', address: '10.0.0.1:9443', voter: true }] } });
  await write(first, 'a', 'b');
  first.close();
  const second = await open();
  await write(second, 'c');
  expect([names(second), second.broken]).toEqual(['abc', []]);
  second.close();
});

test('a state that lags is brought back: from the log, from the snapshot, and from nothing', async () => {
  const first = await open({ snapshotEntries: 6, trailingEntries: 2 });
  await write(first, 'a');
  first.close();
  copyFileSync(file('mesh.db'), file('early'));
  const second = await open({ snapshotEntries: 6, trailingEntries: 2 });
  await write(second, 'b');
  second.close();
  const lagging = async (): Promise<string> => {
    const replica = await open();
    const found = names(replica);
    replica.close();
    return found;
  };
  copyFileSync(file('early'), file('mesh.db'));
  expect(await lagging()).toBe('ab');
  const third = await open({ snapshotEntries: 6, trailingEntries: 2 });
  await write(third, 'c', 'd', 'e', 'f', 'g', 'h');
  const whole = Buffer.from(third.state.snapshot());
  third.close();
  copyFileSync(file('early'), file('mesh.db'));
  expect(await lagging()).toBe('abcdefgh');
  rmSync(file('mesh.db'));
  const last = await open();
  expect([names(last), Buffer.from(last.state.snapshot()).equals(whole), last.broken]).toEqual(['abcdefgh', true, []]);
  last.close();
});

test('a damaged state is kept aside and made anew from the log', async () => {
  const first = await open();
  await write(first, 'a', 'b');
  first.close();
  const bytes = readFileSync(file('mesh.db')).fill(0x55, 0, 5000);
  writeFileSync(file('mesh.db'), bytes);
  const second = await open();
  expect([names(second), readdirSync(folder).filter((name) => name.includes('damaged')), readFileSync(file('mesh.db.damaged-1')).equals(bytes)]).toEqual(['ab', ['mesh.db.damaged-1'], true]);
  second.close();
});

test('a state that is ahead of the log stops the node: a vote may be forgotten', async () => {
  const first = await open();
  await write(first, 'a');
  first.close();
  copyFileSync(file('raft.db'), file('old'));
  const second = await open();
  await write(second, 'b', 'c');
  second.close();
  copyFileSync(file('old'), file('raft.db'));
  await expect(open()).rejects.toMatchObject({ code: 'node.data-damaged' });
  rmSync(file('raft.db'));
  await expect(open()).rejects.toMatchObject({ code: 'node.data-damaged' });
  expect(existsSync(file('mesh.db.damaged-1'))).toBe(false);
});

test('a second process on the same folder is refused', async () => {
  const first = await open();
  await expect(open()).rejects.toMatchObject({ code: 'app.already-running' });
  await write(first, 'a');
  first.close();
}, 10_000);

test('hears members, the present leader, and strangers only when it has lost touch', () => {
  const servers = [{ id: 'a', address: 'x', voter: true }];
  const heard = (known: typeof servers, leader: string | null, ticks: number | null): boolean[] => ['a', 'new'].map((from) => hears({ configuration: { servers: known }, leader, leaderContactTicks: ticks }, from));
  expect([heard([], null, null), heard([], null, 3), heard(servers, 'a', 3), heard(servers, 'new', 3), heard(servers, null, null), heard(servers, 'a', 51)]).toEqual([
    [true, true], [true, true], [true, false], [true, true], [true, true], [true, true],
  ]);
});
