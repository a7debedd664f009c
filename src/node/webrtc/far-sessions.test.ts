import { expect, test } from 'vitest';
import { cell } from '../../base/cell.ts';
import { type PeerConnection } from '../path-ports.ts';
import { type Target } from './destinations.ts';
import { type FarOptions } from './far.ts';
import { createFarSessions } from './far-sessions.ts';
import { createPlaces } from './places.ts';

const target: Target = { protocol: 'tcp', host: '127.0.0.1', port: 1 };

function world(offer: () => Promise<{ type: 'offer'; sdp: string }> = async () => ({ type: 'offer', sdp: 'v=0' })) {
  let open = 0;
  const connections = { create: () => {
    const state = cell<string>('new');
    open++;
    return { state, offer, onCandidate: () => {}, createChannel: () => ({ closed: new Promise(() => {}), onMessage: () => {} }), close: () => {
      if (state.get() === 'closed') return;
      open--;
      state.set('closed');
    } } as unknown as PeerConnection;
  } };
  const places = createPlaces(3, 2, 'peer connections');
  return { places, open: () => open, sessions: createFarSessions({ connections, hosts: () => [], mayTry: () => true } as unknown as FarOptions, places) };
}

test('each connection holds a place of its caller until it ends', async () => {
  const { sessions, places, open } = world();
  const [first] = [await sessions.open('ann', target, []), await sessions.open('ann', target, [])];
  await expect(sessions.open('ann', target, [])).rejects.toMatchObject({ code: 8, message: 'too many peer connections' });
  await sessions.open('bob', target, []);
  await expect(sessions.open('eve', target, [])).rejects.toMatchObject({ code: 8 });
  first.close();
  await first.ended;
  await Promise.resolve();
  await sessions.open('eve', target, []);
  expect([places.taken, open()]).toEqual([3, 3]);
});

test('who was cut off loses what it has, and nobody else', async () => {
  const { sessions, places, open } = world();
  for (const caller of ['ann', 'ann', 'bob']) await sessions.open(caller, target, []);
  sessions.cut((caller) => caller !== 'ann');
  await Promise.resolve();
  await Promise.resolve();
  expect([places.taken, open()]).toEqual([1, 1]);
});

test('a connection that cannot be made gives its place back', async () => {
  const { sessions, places, open } = world(() => Promise.reject(new Error('no library')));
  await expect(sessions.open('ann', target, [])).rejects.toMatchObject({ code: 2, message: 'the peer connection cannot be made' });
  expect([places.taken, open()]).toEqual([0, 0]);
});
