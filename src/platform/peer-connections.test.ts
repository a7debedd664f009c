import { execFileSync } from 'node:child_process';
import { afterAll, afterEach, expect, test } from 'vitest';
import { type ReadCell } from '../base/cell.ts';
import { type DataChannel, type PeerConnection } from '../node/path-ports.ts';
import { createPeerConnections } from './peer-connections.ts';

const library = createPeerConnections();
afterAll(() => library.close());
const open: PeerConnection[] = [];
afterEach(() => {
  for (const each of open.splice(0)) each.close();
});

const lossless = (id: number) => ({ id, protocol: 'tcp' });

function pair(): readonly [PeerConnection, PeerConnection] {
  const both = [0, 1].map(() => library.create({ iceServers: [], hosts: ['127.0.0.1'] })) as [PeerConnection, PeerConnection];
  open.push(...both);
  return both;
}

/** As both ends do it: the answerer takes candidates a little later. */
async function join(offerer: PeerConnection, answerer: PeerConnection): Promise<void> {
  offerer.onCandidate((candidate) => void setTimeout(() => answerer.addCandidate(candidate), 20));
  const answer = await answerer.answer(await offerer.offer());
  offerer.accept(answer);
  answerer.onCandidate((candidate) => offerer.addCandidate(candidate));
}

function becomes<T>(cell: ReadCell<T>, wanted: T): Promise<void> {
  return new Promise((resolve) => {
    if (cell.get() === wanted) return resolve();
    const end = cell.subscribe((value) => {
      if (value !== wanted) return;
      end();
      resolve();
    });
  });
}

function collect(channel: DataChannel): string[] {
  const seen: string[] = [];
  channel.onMessage((bytes) => seen.push(Buffer.from(bytes).toString()));
  return seen;
}

test('two ends meet, a description has no candidates, candidates are in the form of the W3C, and both know the pair', async () => {
  const [a, b] = pair();
  const [near, far] = [a.createChannel('CHANNELS', lossless(0)), b.createChannel('CHANNELS', lossless(0))];
  const candidates: string[] = [];
  const offer = await a.offer();
  a.onCandidate((candidate) => {
    candidates.push(candidate);
    setTimeout(() => b.addCandidate(candidate), 20);
  });
  a.accept(await b.answer(offer));
  b.onCandidate((candidate) => a.addCandidate(candidate));
  await Promise.all([near.opened, far.opened]);
  expect(offer).toMatchObject({ type: 'offer', sdp: expect.not.stringContaining('candidate') });
  expect(candidates).toEqual([expect.stringMatching(/^candidate:\d+ 1 udp \d+ 127\.0\.0\.1 \d+ typ host$/)]);
  expect(a.pair()).toEqual({ via: 'host-host', remote: expect.stringMatching(/^127\.0\.0\.1:\d+$/) });
  // A channel may open a moment before the connection is told to be whole.
  await Promise.all([becomes(a.state, 'connected'), becomes(b.state, 'connected')]);
});

test('candidates that come before a description wait for it; nonsense is told and harms nobody', async () => {
  const [a, b] = pair();
  const [near, far] = [a.createChannel('x', lossless(0)), b.createChannel('x', lossless(0))];
  const offer = await a.offer();
  const early = await new Promise<string>((resolve) => a.onCandidate(resolve));
  expect(b.addCandidate(early)).toBe(true);
  expect(a.addCandidate('candidate:nonsense')).toBe(true);
  a.accept(await b.answer(offer));
  b.onCandidate((candidate) => a.addCandidate(candidate));
  await Promise.all([near.opened, far.opened]);
  await expect(library.create({ iceServers: [], hosts: ['127.0.0.1'] }).answer({ type: 'offer', sdp: 'v=1' })).rejects.toThrow();
});

test('what comes before somebody listens is kept in order; a channel closes with everything it was given', async () => {
  const [a, b] = pair();
  const channels = [0, 7].map((id) => [a.createChannel('x', lossless(id)), b.createChannel('x', lossless(id))] as const);
  await join(a, b);
  const [, [near, far]] = channels as [unknown, readonly [DataChannel, DataChannel]];
  await near.opened;
  for (let i = 0; i < 50; i++) near.send(Buffer.from(`${i}`));
  await new Promise((resolve) => setTimeout(resolve, 100));
  const seen = collect(far);
  for (let i = 50; i < 2_000; i++) near.send(Buffer.from(`${i}`));
  near.close();
  await far.closed;
  expect(seen).toEqual(Array.from({ length: 2_000 }, (_, i) => `${i}`));
  expect([near.send(Buffer.from('late')), far.send(Buffer.from('late')), near.buffered()]).toEqual([false, false, 0]);
  expect([a.state.get(), b.state.get()]).toEqual(['connected', 'connected']);
});

test('who sends much to a channel that nobody listens to loses that channel alone', async () => {
  const [a, b] = pair();
  const [[near, far], [other, heard]] = [1, 2].map((id) => [a.createChannel('x', lossless(id)), b.createChannel('x', lossless(id))]) as [[DataChannel, DataChannel], [DataChannel, DataChannel]];
  await join(a, b);
  await other.opened;
  for (let i = 0; i < 40; i++) near.send(Buffer.alloc(60_000));
  await far.closed;
  const seen = collect(heard);
  other.send(Buffer.from('still here'));
  await expect.poll(() => seen).toEqual(['still here']);
});

test('what waits to be sent is counted, and its end is told', async () => {
  const [a, b] = pair();
  const [near, far] = [a.createChannel('x', lossless(0)), b.createChannel('x', lossless(0))];
  await join(a, b);
  await near.opened;
  let taken = 0;
  far.onMessage((bytes) => {
    taken += bytes.length;
  });
  // It may be told of a moment that is over already; the last time it is told is true.
  const drained = new Promise<void>((resolve) => near.onDrained(1 << 16, () => {
    if (near.buffered() <= 1 << 16) resolve();
  }));
  for (let i = 0; i < 200; i++) near.send(Buffer.alloc(1 << 16));
  expect(near.buffered()).toBeGreaterThan(1 << 20);
  await drained;
  await expect.poll(() => taken).toBe(200 << 16);
});

test('the end of one side is the end of the other, and of all its channels', async () => {
  const [a, b] = pair();
  const [near, far] = [a.createChannel('x', lossless(0)), b.createChannel('x', lossless(0))];
  await join(a, b);
  await Promise.all([near.opened, far.opened]);
  a.close();
  await Promise.all([near.closed, far.closed, becomes(b.state, 'closed')]);
  expect(a.state.get()).toBe('closed');
  expect(b.addCandidate('candidate:1 1 udp 1 127.0.0.1 9 typ host')).toBe(false);
});

test('nobody at the other end: it fails when its own time is over, long before the library gives up', async () => {
  const impatient = createPeerConnections({ connectMs: 300 });
  const [a, b] = [impatient, library].map((each) => each.create({ iceServers: [], hosts: ['127.0.0.1'] })) as [PeerConnection, PeerConnection];
  a.createChannel('x', lossless(0));
  a.accept(await b.answer(await a.offer()));
  b.close();
  a.addCandidate('candidate:1 1 udp 1 127.0.0.1 9 typ host');
  const startedMs = performance.now();
  await becomes(a.state, 'failed');
  expect(performance.now() - startedMs).toBeLessThan(2_000);
});

test('twenty connections one after another leave nothing behind', async () => {
  const before = threads();
  for (let i = 0; i < 20; i++) {
    const [a, b] = pair();
    const [near, far] = [a.createChannel('x', lossless(0)), b.createChannel('x', lossless(0))];
    await join(a, b);
    await Promise.all([near.opened, far.opened]);
    for (const each of open.splice(0)) each.close();
  }
  expect(threads()).toBeLessThan(before + 20);
}, 60_000);

test('a process that had connections exits at once and well', () => {
  const script = `
    const { createPeerConnections } = await import(${JSON.stringify(new URL('peer-connections.ts', import.meta.url).href)});
    const library = createPeerConnections();
    const [a, b] = [0, 1].map(() => library.create({ iceServers: [], hosts: ['127.0.0.1'] }));
    const near = a.createChannel('x', { id: 0, protocol: '' });
    b.createChannel('x', { id: 0, protocol: '' });
    const offer = await a.offer();
    a.onCandidate((c) => setTimeout(() => b.addCandidate(c), 20));
    a.accept(await b.answer(offer));
    b.onCandidate((c) => a.addCandidate(c));
    await near.opened;
    console.log('open');
    library.close();
    process.exit(0);`;
  expect(execFileSync(process.execPath, ['--input-type=module', '-e', script], { timeout: 10_000 }).toString()).toBe('open\n');
}, 30_000);

function threads(): number {
  return process.platform === 'linux' ? Number(/Threads:\t(\d+)/.exec(execFileSync('cat', [`/proc/${process.pid}/status`]).toString())?.[1]) : 0;
}
