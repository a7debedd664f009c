import { expect, test } from 'vitest';
import { sceneOf } from '../../test/fakes/world.ts';
import { failure, toData } from '../base/failure.ts';
import { type ProfileView, type Standing } from '../contract/state.ts';
import { iconOfMood, type Mood, moodOf, moodOfAll, networkItems } from './tray-networks.ts';
import { english } from './words/words.ts';

const standing = (phase: Standing['phase'], more: Partial<Standing> = {}): Standing => ({ want: 'connected', phase, sinceMs: null, degraded: null, why: null, interfaceName: null, ...more });

test.each<[Standing, Mood]>([
  [standing('connected'), 'on'], [standing('connected', { degraded: 'control-plane-lost' }), 'partly'], [standing('connected', { degraded: 'polling' }), 'on'],
  [standing('authorising'), 'busy'], [standing('joining'), 'busy'], [standing('configuring'), 'busy'], [standing('reconnecting'), 'busy'], [standing('disconnecting', { want: 'disconnected' }), 'busy'],
  [standing('blocked'), 'blocked'], [standing('disconnected', { want: 'disconnected' }), 'off'], [standing('disconnected'), 'busy'],
])('%j is %s', (one, mood) => {
  expect(moodOf(one)).toBe(mood);
});

/** The icon of every pair: both ways around it is the same, and what is off changes nothing. */
test('the icon of two networks, as a table', () => {
  const moods = ['off', 'busy', 'on', 'partly', 'blocked'] as const;
  const table = moods.map((a) => `${a}: ${moods.map((b) => iconOfMood[moodOfAll([a, b])]).join(' ')}`);
  expect(table).toEqual([
    'off: disconnected connecting connected degraded blocked',
    'busy: connecting connecting degraded degraded connecting',
    'on: connected degraded connected degraded degraded',
    'partly: degraded degraded degraded degraded degraded',
    'blocked: blocked connecting degraded degraded blocked',
  ]);
  expect([moodOfAll([]), moodOfAll(['on', 'off', 'on', 'on']), moodOfAll(['busy', 'blocked', 'off'])]).toEqual(['off', 'on', 'busy']);
});

test('a network that another one is in the way of says so by its name, in its own menu', () => {
  const why = toData(failure('tunnel.conflict', { what: '10.7.0.0/16', device: 'wmhome1', tunnelId: 'home1', other: 'Home' }));
  const { list, selected } = sceneOf('two-networks', 0).profiles;
  const blocked = list.map((one): ProfileView => (one.id === 'studio2' ? { ...one, session: { ...one.session, phase: 'blocked', why } } : one));
  const menu = networkItems(blocked, selected, english).find((item) => item.kind === 'menu' && item.id === 'network-studio2');
  expect(menu?.kind === 'menu' && menu.items.find((item) => item.kind === 'text' && item.id === 'why-studio2')).toMatchObject({ label: 'Your network “Home” uses addresses that this one needs as well (10.7.0.0/16). “Home” stays as it is.' });
});
