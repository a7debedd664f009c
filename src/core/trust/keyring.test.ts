import { expect, test } from 'vitest';
import { failure } from '../../base/failure.ts';
import { createKeyring, identityOf, type NetworkSecrets, rootOf, withKey } from './keyring.ts';

const bytes = (...list: number[]): Uint8Array => Uint8Array.from(list);
const whole: NetworkSecrets = {
  key: bytes(1, 2), chain: [bytes(3), bytes(4), bytes(5)], role: 'admin', authority: { key: bytes(6), chain: [bytes(4), bytes(5)] }, rootKey: bytes(7),
  rootRemoved: false, rootExported: true, invite: 'webmesh://join/x', refused: null,
};

function store() {
  const kept = new Map<string, string>();
  const fault: { now: boolean } = { now: false };
  const guard = (): void => {
    if (fault.now) throw failure('internal.secrets', { problem: 'the keyring is locked' });
  };
  return {
    kept, fault,
    secrets: {
      kept: 'keyring' as const,
      load: async (name: string) => (guard(), kept.get(name)),
      save: async (name: string, text: string) => (guard(), void kept.set(name, text)),
      remove: async (name: string) => (guard(), void kept.delete(name)),
    },
  };
}

test('what was kept is read back by another life', async () => {
  const { secrets, kept } = store();
  await createKeyring(secrets).create('home', whole);
  expect([...kept.keys()]).toEqual(['network-home']);
  expect(await createKeyring(secrets).load('home')).toEqual(whole);
  expect(await createKeyring(secrets).load('other')).toBe(null);
});

test('changes are made one after the other, each to what the last one left', async () => {
  const { secrets } = store();
  const ring = createKeyring(secrets);
  await ring.create('home', withKey(bytes(1)));
  await Promise.all([ring.change('home', (old) => ({ ...old, rootExported: true })), ring.change('home', (old) => ({ ...old, rootRemoved: old.rootExported }))]);
  expect(await createKeyring(secrets).load('home')).toMatchObject({ rootExported: true, rootRemoved: true });
});

test.each([
  ['no JSON', 'x'], ['another format', JSON.stringify({ format: 2 })], ['bytes that are none', '{"format":1,"key":"%","chain":[],"role":null,"authority":null,"rootKey":null,"rootRemoved":false,"rootExported":false,"invite":null,"refused":null}'],
  ['a field too many', '{"format":1,"key":"AQ==","chain":[],"role":null,"authority":null,"rootKey":null,"rootRemoved":false,"rootExported":false,"invite":null,"refused":null,"x":1}'],
])('%s: a failure without its content, and nothing is overwritten', async (_what, text) => {
  const { secrets, kept } = store();
  kept.set('network-home', text);
  const ring = createKeyring(secrets);
  for (const work of [ring.load('home'), ring.need('home'), ring.change('home', (old) => old)]) {
    await expect(work).rejects.toMatchObject({ code: 'internal.secrets', detail: { problem: 'the stored keys of this network are damaged' } });
  }
  expect(kept.get('network-home')).toBe(text);
});

test('a keyring that is locked: nothing is pretended', async () => {
  const { secrets, fault } = store();
  const ring = createKeyring(secrets);
  await ring.create('home', whole);
  fault.now = true;
  await expect(ring.change('home', (old) => ({ ...old, rootKey: null }))).rejects.toMatchObject({ code: 'internal.secrets' });
  expect((await ring.need('home')).rootKey).toEqual(whole.rootKey);
  fault.now = false;
  expect((await createKeyring(secrets).need('home')).rootKey).toEqual(whole.rootKey);
});

test('an identity needs a chain; an authority without a certificate signs nothing', () => {
  expect(identityOf(withKey(bytes(1)))).toBe(null);
  expect(identityOf({ ...whole, authority: { key: bytes(6), chain: [] } })).toMatchObject({ authority: null });
  expect(identityOf(whole)).toEqual({ privateKey: bytes(1, 2), chain: whole.chain, authority: { privateKey: bytes(6), chain: [bytes(4), bytes(5)] } });
  expect(rootOf(whole)).toEqual(bytes(5));
});
