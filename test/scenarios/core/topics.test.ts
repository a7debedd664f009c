import { expect, test } from 'vitest';
import { run } from '../../../src/contract/carrier.ts';
import type { CommandName, Input } from '../../../src/contract/commands.ts';
import { createApp } from '../../../src/core/app.ts';
import { coreWorld } from '../../fakes/core-world.ts';

test('what a command answered is in the topics for whoever comes next, without a moment in between', async () => {
  const world = coreWorld();
  const app = await createApp(world.ports);
  const call = <K extends CommandName>(name: K, input: Input<K>): Promise<unknown> => run(app.handlers, name, input, new AbortController().signal);
  await call('mesh.join', { address: '192.0.2.1', insecure: true, nodeId: 'me' });
  await call('session.connect', {});
  await world.pass(500);
  const seen: string[][] = [];
  for (const name of ['one', 'two', 'three']) {
    await call('mesh.join', { address: '192.0.2.1', insecure: true, name });
    await call('profile.select', { profile: app.topics.profiles.get().list[0]?.id ?? '' });
    await call('peer.favourite', { peer: 'leader', on: name !== 'two' });
    seen.push([app.topics.profiles.get().list.at(-1)?.name ?? '', String(app.topics.peers.get().list.find(({ id }) => id === 'leader')?.favourite)]);
  }
  expect(seen).toEqual([['one', 'true'], ['two', 'false'], ['three', 'true']]);
  await app.close();
});
