import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { isFailure } from '../../base/failure.ts';
import { installer, type UpdateWorld, updateWorld } from '../../../test/fakes/update-world.ts';
import { releaseAddress } from './source.ts';

let world: UpdateWorld;
beforeEach(async () => {
  world = await updateWorld();
  world.publish(1, '0.2.0');
});
afterEach(() => world.close());

const installerPath = (): string => [...world.files.keys()].find((path) => path.endsWith(installer().name)) ?? '';
const why = (): Promise<unknown> => world.outcome((signal) => world.client().download(() => {}, signal).catch((error: unknown) => (isFailure(error) ? `${error.code}: ${String(error.detail['reason'])}` : error)));

test.each(['https://updates.example.net/webmesh', 'https://[2001:db8::1]:8443/', 'http://127.0.0.1:4000/', 'http://[::1]:4000/x/'])('an address: %s', (text) => {
  expect(releaseAddress(text)?.pathname.endsWith('/')).toBe(true);
});

test.each(['', 'x', 'http://updates.example.net/', 'http://localhost:4000/', 'file:///srv/updates/', 'https://a:b@updates.example.net/', 'https://updates.example.net/?a=b', 'https://updates.example.net/#a', 'javascript:1'])('no address: %j', (text) => {
  expect(releaseAddress(text)).toBeUndefined();
});

test('the server learns nothing of who asks', async () => {
  const seen: unknown[] = [];
  world.odd.set('metadata/timestamp.json', ({ headers: { host: _, ...headers } }, response) => {
    seen.push(headers);
    response.end(world.files.get('metadata/timestamp.json'));
  });
  await why();
  expect(seen).toEqual([{ accept: '*/*', 'accept-encoding': 'identity', connection: 'close' }]);
});

test('a redirect is not followed, to another host or to the same', async () => {
  const visits: string[] = [];
  const other = createServer((request, response) => {
    visits.push(request.url ?? '');
    response.end();
  });
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  try {
    for (const path of ['metadata/timestamp.json', 'metadata/2.root.json', installerPath()]) {
      for (const location of [`http://127.0.0.1:${(other.address() as AddressInfo).port}/evil`, `/metadata/evil`]) {
        world.odd.set(path, (_request, response) => void response.writeHead(302, { location }).end());
        expect(await why()).toBe('update.unreachable: it sends us elsewhere');
      }
      world.odd.clear();
    }
    expect([visits, world.asked.filter((path) => path.includes('evil'))]).toEqual([[], []]);
  } finally {
    other.close();
  }
});

test.each([
  ['answers nothing at all', () => {}],
  ['begins and goes silent', (response: { writeHead(code: number): unknown; write(text: string): unknown }) => [response.writeHead(200), response.write('{')]],
] as const)('a slow server that %s is left', async (_what, answer) => {
  for (const path of ['metadata/timestamp.json', '2.root.json', installerPath()]) {
    world.odd.set(path, (_request, response) => {
      answer(response);
      world.stuck();
    });
  }
  expect(await why()).toBe('update.unreachable: too slow');
  world.odd.delete('metadata/timestamp.json');
  expect(await why()).toBe('update.unreachable: too slow');
});

test('a server that drips a byte a second is left when the whole takes too long', async () => {
  let dripped = 0;
  world.odd.set('metadata/timestamp.json', (_request, response) => {
    response.writeHead(200);
    const drip = (): void => {
      if (response.destroyed) return;
      dripped++;
      response.write(' ', () => setImmediate(drip));
    };
    drip();
    world.stuck();
  });
  expect(await why()).toBe('update.unreachable: too slow');
  expect(dripped).toBeGreaterThan(0);
});

test('other answers are told by their number, and another encoding is no answer', async () => {
  world.odd.set('metadata/timestamp.json', (_request, response) => void response.writeHead(500).end());
  expect(await why()).toBe('update.unreachable: it answers 500');
  world.odd.set('metadata/timestamp.json', (_request, response) => void response.writeHead(200, { 'content-encoding': 'gzip' }).end());
  expect(await why()).toBe('update.unreachable: it answers in another encoding');
  world.odd.set('metadata/timestamp.json', (_request, response) => void response.writeHead(404).end());
  expect(await why()).toBe('update.unreachable: timestamp.json is not there');
  world.odd.set('metadata/timestamp.json', (_request, response) => {
    response.writeHead(200, { 'content-length': '100' });
    response.write('{', () => response.destroy());
  });
  expect(await why()).toMatch(/^update\.unreachable: /);
});

test('who cancels is told so at once', async () => {
  const ending = new AbortController();
  world.odd.set('metadata/timestamp.json', () => ending.abort());
  await expect(world.client().check(ending.signal)).rejects.toThrow(expect.objectContaining({ name: 'AbortError' }));
  await expect(world.client().check(ending.signal)).rejects.toThrow(expect.objectContaining({ name: 'AbortError' }));
});
