import { expect, test } from 'vitest';
import { coreWorld } from '../../test/fakes/core-world.ts';
import { loadProfiles, profilesTopic, standingOf } from './profiles.ts';

const old = { id: 'a', name: 'home', kind: 'member', nodeId: 'me', address: '192.0.2.1:8443', insecure: true, grpcPort: 8443, raftPort: 9443, wireguardPort: 51820, asVoter: false, ipv4Network: null };

async function load(list: readonly unknown[]) {
  const { ports, documents } = coreWorld();
  documents.set('profiles', { list, selected: null });
  const profiles = await loadProfiles(ports.documents);
  return { profiles, documents, setAside: ports.documents.setAside.get() };
}

test('a document of an older version is clear text where it said so, and is kept in the new form', async () => {
  const { profiles, documents, setAside } = await load([old]);
  expect({ profile: profiles.get('a'), setAside }).toMatchObject({ profile: { trust: 'clear-text', endpoints: [], rootFingerprint: null }, setAside: [] });
  expect(profilesTopic(profiles.document.get(), { hostAddress: () => '', standing: () => standingOf(undefined) }).list[0]?.insecure).toBe(true);
  await profiles.rename('a', 'office');
  expect(documents.get('profiles')).toMatchObject({ list: [{ name: 'office', trust: 'clear-text' }] });
});

test('a document that says nothing, or `insecure: false`, is never clear text', async () => {
  const { insecure: _insecure, ...silent } = old;
  const { profiles } = await load([silent, { ...old, id: 'b', insecure: false }, { ...old, id: 'c', trust: 'mtls' }]);
  expect(profiles.document.get().list.map(({ trust }) => trust)).toEqual(['mtls', 'mtls', 'mtls']);
});

test('a new profile takes the place of an old one and is selected', async () => {
  const { profiles } = await load([old, { ...old, id: 'b' }]);
  await profiles.replace('a', { ...profiles.get('a'), id: 'n' });
  expect({ ids: profiles.document.get().list.map(({ id }) => id), selected: profiles.document.get().selected }).toEqual({ ids: ['n', 'b'], selected: 'n' });
  await expect(profiles.replace('a', profiles.get('b'))).rejects.toMatchObject({ code: 'input.unknown-profile' });
});

test('changes that overlap are all kept, and one that fails spoils no other', async () => {
  const { profiles, documents } = await load([old, { ...old, id: 'b' }]);
  const added = { ...profiles.get('a'), id: 'n', name: 'new' };
  const done = await Promise.allSettled([profiles.rename('a', 'office'), profiles.add(added), profiles.update('b', { address: '192.0.2.9:8443' }), profiles.remove('gone'), profiles.update('a', { nodeId: 'other' })]);
  expect(done.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled', 'rejected', 'fulfilled']);
  const { list, selected } = profiles.document.get();
  expect([selected, list.map(({ id, name, nodeId, address }) => `${id} ${name} ${nodeId} ${address}`)]).toEqual(['n', ['a office other 192.0.2.1:8443', 'b home me 192.0.2.9:8443', 'n new me 192.0.2.1:8443']]);
  expect(documents.get('profiles')).toEqual(profiles.document.get());
});
