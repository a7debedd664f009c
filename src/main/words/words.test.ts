import { expect, test } from 'vitest';
import { sceneOf } from '../../../test/fakes/world.ts';
import { problem } from '../../../test/fakes/problem.ts';
import { trayView } from '../tray-view.ts';
import { de } from './de.ts';
import { en } from './en.ts';
import { es } from './es.ts';
import { fr } from './fr.ts';
import { trayWords } from './words.ts';
import { zh } from './zh.ts';

/** Messages that are rightly the same as in English. */
const same = /^(menu\.version|tooltip|tooltipProblem|network\.line|bar\.roles\.services)$/;

function flat(words: object, place = ''): readonly (readonly [string, string])[] {
  return Object.entries(words).flatMap(([key, value]: [string, unknown]) => {
    const at = place === '' ? key : `${place}.${key}`;
    if (typeof value === 'string') return [[at, value] as const];
    if (typeof value === 'function') return [[at, String(value(711, '<second>'))] as const];
    return flat(value as object, at);
  });
}

test.each(Object.entries({ de, fr, es, zh }))('%s has every message in its own words, and says what it is given', (_, words) => {
  const english = new Map(flat(en));
  const marks = (text: string): string => (text.match(/711|<second>/g) ?? []).join();
  expect(flat(words).filter(([at, text]) => marks(text) !== marks(english.get(at) ?? ''))).toEqual([]);
  expect(flat(words).filter(([at, text]) => text === english.get(at) && !same.test(at))).toEqual([]);
});

test('the tray speaks the language that was chosen', () => {
  const { session, profiles, peers } = sceneOf('connected', Date.UTC(2026, 10, 22), 3);
  const state = { session, profiles, peers, warnings: [problem('udp-blocked')], staysConnected: true, versions: { app: '1.2.0', helper: null } };
  const { tooltip, items } = trayView(state, trayWords('system', ['de-AT']));
  expect(tooltip).toBe('Webmesh: Verbunden mit Home. Dieses Netz sperrt UDP');
  expect(items.flatMap((item) => ('label' in item ? [item.label] : [])).filter((label) => /^[A-Z⚠]/.test(label))).toEqual([
    'Verbunden mit Home', '⚠ Dieses Netz sperrt UDP', 'Netz prüfen', 'Was dazu zu wissen ist …', 'Gegenstellen (3)', 'Webmesh öffnen', 'Einstellungen …', 'Hilfe', 'Beenden und verbunden bleiben', 'Trennen und beenden',
  ]);
});
