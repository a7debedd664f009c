import { expect, test } from 'vitest';
import { type Clock } from '../base/clock.ts';
import { failure } from '../base/failure.ts';
import { apiAddresses, keepListening, type ListenAddress } from './listening.ts';
import { parseControl } from './config.ts';

/** A server whose addresses are free, taken or absent as the test says, and a clock whose timers run when told. */
function world(state: Record<string, 'taken' | 'absent'> = {}) {
  const bound = new Set<string>();
  const calls: string[] = [];
  const timers: (() => void)[] = [];
  const clock: Clock = { nowMs: () => 0, monotonicMs: () => 0, after: (_ms, run) => {
    timers.push(run);
    return () => void timers.splice(timers.indexOf(run), timers.includes(run) ? 1 : 0);
  } };
  const appear: (() => void)[] = [];
  const listen = async ({ host, port }: ListenAddress, signal: AbortSignal): Promise<number> => {
    calls.push(host);
    if (state[host] === 'taken') throw failure('node.port-in-use', { port });
    if (state[host] === 'absent') await new Promise<void>((resolve, reject) => {
      appear.push(resolve);
      signal.addEventListener('abort', () => reject(signal.reason));
    });
    bound.add(host);
    return port;
  };
  const problems: (string | undefined)[] = [];
  const listening = keepListening({ listen, unlisten: ({ host }) => void bound.delete(host) }, clock, (problem) => problems.push(problem?.code));
  const settle = async (): Promise<void> => {
    for (let i = 0; i < 10; i++) await Promise.resolve();
  };
  const set = async (...hosts: string[]): Promise<void> => {
    listening.set(hosts.map((host) => ({ host, port: 1 })));
    await settle();
  };
  return { state, bound, calls, problems, listening, set, settle, appear, timers };
}

test('follows what is wanted: opens the new, ends the old, leaves the rest', async () => {
  const w = world();
  await w.set('10.0.0.1', '0.0.0.0');
  await w.set('10.0.0.2', '0.0.0.0');
  expect([[...w.bound].sort(), w.calls, w.problems]).toEqual([['0.0.0.0', '10.0.0.2'], ['0.0.0.0', '10.0.0.1', '10.0.0.2'], []]);
  w.listening.close();
  expect([...w.bound]).toEqual([]);
});

test('waits for an absent address without calling it a problem', async () => {
  const w = world({ 'fd00::1': 'absent' });
  await w.set('10.0.0.1', 'fd00::1');
  w.timers.splice(0).forEach((run) => run());
  await w.listening.tried();
  expect([[...w.bound], w.problems]).toEqual([['10.0.0.1'], []]);
  w.appear[0]?.();
  await w.settle();
  expect([...w.bound]).toEqual(['10.0.0.1', 'fd00::1']);
});

test('tells about a port in use, tries again, and tells when it is over', async () => {
  const w = world({ '10.0.0.1': 'taken' });
  await w.set('10.0.0.1');
  await w.listening.tried();
  delete w.state['10.0.0.1'];
  w.timers.splice(0).forEach((run) => run());
  await w.settle();
  expect([w.problems, [...w.bound]]).toEqual([['node.port-in-use', undefined], ['10.0.0.1']]);
});

test('the mesh API listens on public addresses and on those of the mesh, each once', () => {
  const config = parseControl(JSON.stringify({ dataDir: '/d', socketPath: '/s', spec: { insecure: true, tunnelId: 't', nodeId: 'n', meshIpv4: '10.0.0.1', meshIpv6: 'fd00::1', publicAddresses: ['0.0.0.0', '10.0.0.1'] } }));
  expect(apiAddresses(config)).toEqual(['0.0.0.0', '10.0.0.1', 'fd00::1'].map((host) => ({ host, port: 8443 })));
});
