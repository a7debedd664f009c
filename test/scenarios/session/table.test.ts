import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { initial, type State } from '../../../src/core/session/state.ts';
import { step } from '../../../src/core/session/step.ts';
import { brief, eventOf } from './notation.ts';

/** How each phase is reached. Together with every event these are all cells of the session's table. */
const ways: Readonly<Record<string, readonly string[]>> = {
  disconnected: ['helper up', 'cleared'],
  authorising: ['helper up', 'cleared', 'connect home 10.0.0.7'],
  'authorising without helper': ['connect home'],
  joining: ['helper up', 'cleared', 'connect home', 'authorised'],
  'joining, lease stored': ['helper up', 'cleared', 'connect home 10.0.0.7', 'authorised'],
  configuring: ['helper up', 'cleared', 'connect home', 'authorised', 'joined 10.0.0.7'],
  connected: ['helper up', 'cleared', 'connect home', 'authorised', 'joined 10.0.0.7', 'configured'],
  'connected, lease stored': ['helper up', 'cleared', 'connect home 10.0.0.7', 'authorised', 'failed join mesh.unreachable', 'configured'],
  'connected, mesh silent': ['helper up', 'cleared', 'connect home', 'authorised', 'joined 10.0.0.7', 'configured', 'control-plane lost'],
  'waiting for an admin': ['helper up', 'cleared', 'connect home', 'failed authorise auth.pending'],
  'reconnecting to join': ['helper up', 'cleared', 'connect home', 'authorised', 'failed join mesh.unreachable'],
  'reconnecting to configure': ['helper up', 'cleared', 'connect home', 'authorised', 'joined 10.0.0.7', 'configured', 'tunnel-lost'],
  'reconnecting without helper': ['helper up', 'cleared', 'connect home', 'authorised', 'joined 10.0.0.7', 'configured', 'helper down'],
  'reconnecting while offline': ['helper up', 'offline', 'connect home'],
  disconnecting: ['helper up', 'cleared', 'connect home', 'authorised', 'joined 10.0.0.7', 'configured', 'disconnect'],
  'disconnecting to start': ['helper up', 'cleared', 'connect home', 'authorised', 'joined 10.0.0.7', 'configured', 'connect work'],
  'disconnecting to blocked': ['helper up', 'cleared', 'connect home', 'authorised', 'failed join mesh.refused'],
  blocked: ['helper up', 'cleared', 'connect home', 'authorised', 'failed join mesh.refused', 'cleared'],
};

const events = [
  'connect home', 'connect work', 'disconnect', 'retry', 'authorised', 'joined 10.0.0.9', 'configured', 'applied', 'refreshed 10.0.0.7', 'refreshed 10.0.0.9', 'cleared',
  'failed join mesh.unreachable', 'failed join mesh.refused', 'failed join auth.unauthenticated', 'failed configure helper.lost', 'failed apply tunnel.failed', 'failed refresh mesh.timeout', 'failed clear helper.unreachable',
  'failed authorise auth.pending', 'failed authorise auth.expired', 'failed join auth.revoked', 'failed join auth.wrong-mesh', 'failed refresh auth.revoked', 'failed refresh auth.unauthenticated', 'refused auth.revoked',
  'timer back-off', 'timer guard', 'timer refresh', 'timer clear', 'peers', 'tunnel-lost', 'control-plane replica', 'control-plane polling', 'control-plane lost', 'evicted',
  'online', 'offline', 'network', 'wake', 'helper up 40', 'helper down', 'fence 40',
];

const cells = Object.entries(ways).flatMap(([name, way]) => {
  const state = way.reduce<State>((before, said) => step(before, eventOf(said, before.epoch)).next, initial);
  return events.map((said) => ({ name, state, said, ...step(state, eventOf(said, state.epoch)) }));
});

test('every cell of the table is as written in table.golden', () => {
  const path = join(import.meta.dirname, 'table.golden');
  const text = Object.keys(ways).map((name) => `# ${name}\n${cells.filter((cell) => cell.name === name).map(({ state, said, next, effects }) => `${said.padEnd(34)} ${next === state && effects.length === 0 ? 'ignored' : brief(next, effects)}`).join('\n')}\n`).join('\n');
  if (process.env['WEBMESH_REWRITE'] === '1') writeFileSync(path, text);
  expect(text).toBe(readFileSync(path, 'utf8'));
});

test('an answer to another epoch changes nothing, in any phase', () => {
  for (const { name, state, said } of cells) {
    const event = eventOf(said, state.epoch - 1);
    if ('epoch' in event) expect({ name, said, ...step(state, event) }).toEqual({ name, said, next: state, effects: [] });
  }
});

test('the epoch grows with every entry except into connected, and every effect carries it', () => {
  for (const { name, said, state, next, effects } of cells) {
    const entered = next.phase.name !== state.phase.name && next.phase.name !== 'connected';
    if (entered) expect({ name, said, grew: next.epoch > state.epoch }).toEqual({ name, said, grew: true });
    for (const effect of effects) if ('epoch' in effect) expect({ name, said, epoch: effect.epoch }).toEqual({ name, said, epoch: next.epoch });
  }
});

test('the next epoch is above whatever the helper has seen', () => {
  const state = ['helper up 40', 'cleared', 'connect home'].reduce<State>((before, said) => step(before, eventOf(said, before.epoch)).next, initial);
  expect(state.epoch).toBeGreaterThan(40);
});
