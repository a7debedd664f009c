import fc from 'fast-check';
import { expect, test } from 'vitest';
import { lives } from '../../base/identity.ts';
import { authorityIsDue, keyIsDue, standing } from './renewal.ts';

const day = 86_400_000;
const madeMs = 1_000 * day;
const device = { notBeforeMs: madeMs - lives.backdateMs, notAfterMs: madeMs + lives.deviceMs };

test.each([
  [0, 'good'], [29.9, 'good'], [30, 'due'], [89.9, 'due'], [90, 'ended'], [179.9, 'ended'], [180, 'lost'], [1_000, 'lost'], [-5, 'good'],
])('a device certificate after %d days is %s', (days, expected) => {
  expect(standing(device, madeMs + days * day)).toBe(expected);
});

test('a certificate whose authority ends sooner is due after a third of its life', () => {
  const short = { ...device, notAfterMs: madeMs + 9 * day };
  expect([2.9, 3, 9].map((days) => standing(short, madeMs + days * day))).toEqual(['good', 'due', 'ended']);
});

test('nobody who looks once in a life and its grace is locked out', () => {
  fc.assert(fc.property(fc.integer({ min: 1, max: lives.deviceMs }), fc.integer({ min: 0, max: lives.deviceMs + lives.graceMs - 1 }), (lifeMs, sleptMs) => {
    const certificate = { notBeforeMs: madeMs - lives.backdateMs, notAfterMs: madeMs + lifeMs };
    const now = standing(certificate, madeMs + sleptMs);
    expect(now === 'lost').toBe(sleptMs >= lifeMs + lives.graceMs);
    if (sleptMs >= lifeMs) expect(['ended', 'lost']).toContain(now);
  }), { seed: 1 });
});

test('the tunnel key is due after a week, and never when nobody knows its age', () => {
  expect([keyIsDue(0, 1_000 * day), keyIsDue(day, 7.9 * day), keyIsDue(day, 8 * day)]).toEqual([false, false, true]);
});

test('an authority is asked for again half a year before its end', () => {
  expect([authorityIsDue({ notAfterMs: 400 * day }, 219 * day), authorityIsDue({ notAfterMs: 400 * day }, 221 * day)]).toEqual([false, true]);
});
