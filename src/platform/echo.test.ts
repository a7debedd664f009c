import { createSocket } from 'node:dgram';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { seeded } from '../base/random.ts';
import { type EchoPort } from '../node/path-ports.ts';
import { systemClock } from './clock.ts';
import { createEchoPort } from './echo.ts';
import { echoReply, echoRequest } from './echo-message.ts';
import { shares } from './echo-shares.ts';
import { openUdp } from './udp-socket.ts';

const never = new AbortController().signal;
const open: { close(): unknown }[] = [];
afterEach(() => {
  for (const each of open.splice(0)) each.close();
});

function port(seed = 1): EchoPort {
  const echo = createEchoPort({ clock: systemClock, random: seeded(seed) });
  open.push(echo);
  return echo;
}

async function freePort(): Promise<number> {
  const socket = await openUdp({ family: 4, host: '127.0.0.1' });
  const { port: free } = socket.address();
  await new Promise<void>((resolve) => socket.close(() => resolve()));
  return free;
}

const options = { bytes: 24, timeoutMs: 300 };

test('asks and is answered, in both families and any size', async () => {
  const [here, there, at] = [port(1), port(2), await freePort()];
  await there.listen(['127.0.0.1', '::1'], at);
  const told = await Promise.all([['127.0.0.1', 24], ['127.0.0.1', 1_400], ['::1', 24], ['127.0.0.1', 1]].map(([address, bytes]) => here.ping(String(address), at, { bytes: Number(bytes), timeoutMs: 1_000 }, never)));
  expect(told.map((ms) => ms !== null && ms >= 0 && ms < 1_000)).toEqual([true, true, true, true]);
});

test('nobody there, or nonsense as an address: null', async () => {
  const here = port();
  expect(await Promise.all([here.ping('127.0.0.1', await freePort(), options, never), here.ping('nobody', 9, options, never)])).toEqual([null, null]);
});

test('follows its addresses, and says which it cannot have', async () => {
  const [here, there, at] = [port(1), port(2), await freePort()];
  await there.listen(['127.0.0.1'], at);
  const refused = await there.listen(['127.0.0.2', '192.0.2.1'], at).catch((error: NodeJS.ErrnoException) => error.code);
  const told = await Promise.all(['127.0.0.1', '127.0.0.2'].map((address) => here.ping(address, at, options, never)));
  expect([refused, told.map((ms) => ms !== null)]).toEqual(['EADDRNOTAVAIL', [false, true]]);
});

test('cancelling ends a question', async () => {
  const leaving = new AbortController();
  const asked = port().ping('127.0.0.1', await freePort(), { bytes: 24, timeoutMs: 5_000 }, leaving.signal).catch(() => 'cancelled');
  leaving.abort();
  expect(await asked).toBe('cancelled');
});

test('answers with as many bytes, to questions alone, and believes no answer to what it did not ask', async () => {
  const [there, at] = [port(), await freePort()];
  await there.listen(['127.0.0.1'], at);
  const stranger = createSocket('udp4');
  open.push(stranger);
  const heard: number[] = [];
  stranger.on('message', (bytes) => heard.push(bytes.length));
  const question = echoRequest(seeded(7), 100);
  for (const bytes of [question, echoReply(question), question.subarray(0, 23), Buffer.alloc(60), Buffer.alloc(0)]) stranger.send(bytes, at, '127.0.0.1');
  await sleep(80);
  expect(heard).toEqual([100]);
});

test('one source gets its share, then one answer each twentieth of a second, and others have theirs', () => {
  let nowMs = 0;
  const share = shares({ nowMs: () => 0, monotonicMs: () => nowMs, after: () => () => {} });
  const taken = (source: string, times: number): number => Array.from({ length: times }, () => share.take(source)).filter(Boolean).length;
  const first = [taken('a', 100), taken('b', 10)];
  nowMs += 1_000;
  const later = taken('a', 100);
  for (let i = 0; i < 3_000; i++) share.take(`source ${i}`);
  expect([...first, later, taken('a', 100)]).toEqual([60, 10, 20, 60]);
});
