import { expect, test } from 'vitest';
import { type Ask, findTrayHost } from './tray-host.ts';

/** Programs of a desktop: what each answers, fails with, or that it is not there. */
const desktop = (programs: Readonly<Record<string, string | Error>>): Ask => async (program) => {
  const answer = programs[program];
  if (answer instanceof Error) throw answer;
  return answer;
};

test('the session bus says whether anybody shows icons; elsewhere there is always a place', async () => {
  const noOwner = new Error('GDBus.Error:org.freedesktop.DBus.Error.ServiceUnknown');
  const worlds: readonly (readonly [NodeJS.Platform, Ask])[] = [
    ['linux', desktop({ gdbus: '(<true>,)\n' })], ['linux', desktop({ gdbus: '(<false>,)\n' })], ['linux', desktop({ gdbus: noOwner })], ['linux', desktop({ busctl: 'b true\n' })], ['linux', desktop({ busctl: 'b false\n' })],
    ['linux', desktop({})], ['darwin', desktop({})], ['win32', desktop({})],
  ];
  expect(await Promise.all(worlds.map(([platform, ask]) => findTrayHost(platform, ask)))).toEqual(['there', 'missing', 'missing', 'there', 'missing', 'unknown', 'there', 'there']);
});
