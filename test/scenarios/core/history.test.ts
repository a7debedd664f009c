import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { run } from '../../../src/contract/carrier.ts';
import type { CommandName, Input, Output } from '../../../src/contract/commands.ts';
import { type App, createApp } from '../../../src/core/app.ts';
import { PeerState } from '../../../src/gen/webmesh/helper/v1/helper.ts';
import { createDocuments } from '../../../src/platform/documents.ts';
import { coreWorld, type CoreWorld, keyOf } from '../../fakes/core-world.ts';

/** The whole core, its history on a real disk. */

const never = new AbortController().signal;
const call = <K extends CommandName>(app: App, name: K, input: Input<K>) => run(app.handlers, name, input, never) as Promise<Output<K>>;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wm-history-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const files = (): string[] => readdirSync(folder).filter((name) => /^history-/.test(name)).sort();

/** Connected through the fake mesh, with a machine that can be measured. Wall time begins at a whole minute, later for a later life. */
async function life(afterMs = 0): Promise<{ world: CoreWorld; app: App }> {
  const world = coreWorld();
  world.sleep(afterMs);
  const host = { hostname: 'box', os: 'os', kernel: 'k', architecture: 'x64', uptimeMs: 1, cpuUsed: 0.25, processors: 4, load: [1, 1, 1], memory: { total: 100, used: 50, available: 50 }, disks: [] } as const;
  const app = await createApp({ ...world.ports, documents: createDocuments(folder, folder), hostMetrics: { sample: async () => host } });
  return { world, app };
}

async function joined(world: CoreWorld, app: App): Promise<string> {
  const { profile } = await call(app, 'mesh.join', { address: '192.0.2.1', insecure: true, nodeId: 'me' });
  await call(app, 'session.connect', {});
  await world.pass(500);
  return profile;
}

const carried = (world: CoreWorld, bytes: number): void => world.helper.report({ peers: [PeerState.fromPartial({ publicKey: keyOf(1), receiveBytes: BigInt(bytes), transmitBytes: BigInt(bytes) })] });

test('what is measured is read, exported beside the other reports, kept over a restart in a private file, and goes with the network', async () => {
  const { world, app } = await life();
  const profile = await joined(world, app);
  for (let minute = 1; minute <= 6; minute++) {
    carried(world, minute * 1_000);
    await world.pass(60_000);
  }
  const before = (await call(app, 'history.read', { about: { peer: 'leader' } })).history;
  expect(before.columns['receivedBytes']?.reduce<number>((sum, bytes) => sum + (bytes ?? 0), 0)).toBe(6_000);
  const { path } = await call(app, 'history.export', { about: { peer: 'leader' } });
  expect(path).toMatch(/webmesh-history-leader-\d+\.csv$/);
  expect(readFileSync(path, 'utf8')).toMatch(/^time,network,peer,received_bytes,sent_bytes,latency_ms,latency_max_ms,direct,relayed\r\n1970-01-01T00:0\d:00\.000Z,192\.0\.2\.1:8443,leader,/);
  await app.close();
  expect(files().map((name) => [name, (statSync(join(folder, name)).mode & 0o777).toString(8)])).toEqual([[`history-${profile}.json`, '600'], ['history-host.json', '600']].sort());

  const next = await life(world.clock.nowMs());
  await next.world.pass(500);
  const after = (await call(next.app, 'history.read', { about: { peer: 'leader' } })).history;
  expect(after.columns['receivedBytes']?.slice(0, before.columns['receivedBytes']?.length)).toEqual(before.columns['receivedBytes']);
  expect((await call(next.app, 'history.read', { about: 'host' })).history.columns['cpu']?.[0]).toBe(0.25);
  await call(next.app, 'session.disconnect', {});
  await next.world.pass(100);
  await call(next.app, 'profile.remove', { profile });
  await next.world.pass(1_000);
  expect(files()).toEqual(['history-host.json']);
  await next.app.close();
});

test('a crash between write and rename loses what was new and nothing else; a damaged file is set aside', async () => {
  const { world, app } = await life();
  const profile = await joined(world, app);
  carried(world, 5_000);
  await world.pass(330_000);
  await expect.poll(files).toContain(`history-${profile}.json`);
  const name = `history-${profile}.json`;
  const stored = readFileSync(join(folder, name), 'utf8');
  // What a crash leaves: half of the next file under its temporary name, the old one in its place.
  writeFileSync(join(folder, `.${name}.1-1.tmp`), stored.slice(0, stored.length / 2));
  const next = await life(world.clock.nowMs());
  const { history } = await call(next.app, 'history.read', { about: 'network' });
  expect(history.columns['receivedBytes']?.[0]).toBe(5_000);
  await next.app.close();

  writeFileSync(join(folder, name), '{"format":1,"minutes":"');
  const last = await life(world.clock.nowMs());
  expect((await call(last.app, 'history.read', { about: 'network' })).history.columns['receivedBytes']).toEqual([]);
  expect((await call(last.app, 'history.read', { about: 'host' })).history.columns['cpu']?.[0]).toBe(0.25);
  expect(files()).toContain(`${name}.damaged-1`);
  await last.app.close();
});
