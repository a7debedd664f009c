import { EventEmitter } from 'node:events';
import { expect, test } from 'vitest';
import { createDoorShares } from './door-shares.ts';

/** Comes `times` times as this user; answers how often it was let in, and the ends of those connections. */
function crowd(share: ReturnType<typeof createDoorShares>, uid: number | undefined, times: number) {
  const sockets = Array.from({ length: times }, () => new EventEmitter()).filter((socket) => share(socket, uid));
  return { count: sockets.length, leave: () => sockets.forEach((socket) => socket.emit('close')) };
}

test('one user who opens all that may be opened keeps out neither another user nor root', () => {
  const share = createDoorShares({ all: 100, each: 30, spare: 5 });
  expect([crowd(share, 1000, 500).count, crowd(share, 1001, 500).count, crowd(share, 0, 2).count]).toEqual([30, 30, 2]);
});

test('all users together keep out no root; what ends makes room', () => {
  const share = createDoorShares({ all: 20, each: 10, spare: 5 });
  const first = crowd(share, 1000, 50);
  expect([first.count, crowd(share, 1001, 50).count, crowd(share, undefined, 50).count, crowd(share, 0, 50).count]).toEqual([10, 5, 0, 5]);
  first.leave();
  expect([crowd(share, 1000, 50).count, crowd(share, 0, 50).count]).toEqual([5, 5]);
});
