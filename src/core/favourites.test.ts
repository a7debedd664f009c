import { expect, test } from 'vitest';
import { coreWorld } from '../../test/fakes/core-world.ts';
import { favouritesMax, loadFavourites } from './favourites.ts';

async function load(stored?: unknown) {
  const { ports, documents } = coreWorld();
  if (stored !== undefined) documents.set('favourites', stored as object);
  return { favourites: await loadFavourites(ports.documents), ports, documents };
}

test('favourites are kept for each network, and what is set twice or at once is kept once', async () => {
  const { favourites, ports } = await load();
  await Promise.all([favourites.set('home', 'nas', true), favourites.set('home', 'attic', true), favourites.set('work', 'nas', true), favourites.set('home', 'nas', true)]);
  await favourites.set('home', 'attic', false);
  const later = await loadFavourites(ports.documents);
  expect([later.of('home'), later.of('work'), later.of('elsewhere'), later.of(undefined)].map((set) => [...set])).toEqual([['nas'], ['nas'], [], []]);
});

test('there are not more than the limit, and one that goes makes room', async () => {
  const { favourites } = await load({ networks: { home: Array.from({ length: favouritesMax }, (_, i) => `p${i}`) } });
  await expect(favourites.set('home', 'nas', true)).rejects.toMatchObject({ code: 'input.limit', detail: { most: favouritesMax } });
  await favourites.set('home', 'p0', false);
  await favourites.set('home', 'nas', true);
  expect([favourites.of('home').size, favourites.of('home').has('nas')]).toEqual([favouritesMax, true]);
});

test('a forgotten network takes its favourites along', async () => {
  const { favourites, documents } = await load({ networks: { home: ['nas'], work: ['desk'] } });
  await favourites.forget('home');
  await favourites.forget('never-known');
  expect(documents.get('favourites')).toEqual({ networks: { work: ['desk'] } });
});

test('a document that makes no sense is set aside', async () => {
  const { favourites, ports } = await load({ networks: { '../x': [7] } });
  expect([favourites.of('../x').size, ports.documents.setAside.get().length]).toEqual([0, 1]);
});
