import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { assert, AssertionError, present, unreachable } from './assert.ts';
import { cell } from './cell.ts';
import { isKey, keyFromHex, keyToHex } from './keys.ts';
import { Secret } from './log.ts';
import { between, chance, pick, seeded, shortId } from './random.ts';

describe('dice', () => {
  test('the same seed gives the same numbers, for ever', () => {
    const random = seeded(42);
    expect(Array.from({ length: 4 }, () => Math.floor(random.next() * 1000))).toEqual(Array.from({ length: 4 }, ((again) => () => Math.floor(again.next() * 1000))(seeded(42))));
    expect(Buffer.from(seeded(1).bytes(8)).toString('hex')).toMatchInlineSnapshot(`"195cd52258c12631"`);
    expect(seeded(1).bytes(8)).not.toEqual(seeded(2).bytes(8));
  });
  test('are fair enough: each of ten sides falls within a fifth of its share', () => {
    const random = seeded(9);
    const throws = Array.from({ length: 20_000 }, () => between(random, 0, 9));
    const sides = Array.from({ length: 10 }, (_, side) => throws.filter((t) => t === side).length);
    expect(sides.every((count) => count > 1600 && count < 2400)).toBe(true);
  });
  test('reach both ends and stay between them', () => {
    const random = seeded(5);
    const drawn = new Set(Array.from({ length: 200 }, () => between(random, 3, 5)));
    expect([...drawn].sort()).toEqual([3, 4, 5]);
    expect([chance(random, 0), chance(random, 1), pick(random, ['only'])]).toEqual([false, true, 'only']);
  });
  test('ids use their 32 letters, all of them, and no look-alikes', () => {
    const text = shortId(seeded(1), 4000);
    expect([...new Set(text)].sort().join('')).toBe('0123456789abcdefghjkmnpqrstvwxyz');
  });
});

describe('keys', () => {
  const hex = `${'00'.repeat(31)}ff`;
  test('go to hex and back', () => {
    const base64 = keyFromHex(hex);
    expect([base64.length, isKey(base64), keyToHex(base64)]).toEqual([44, true, hex]);
  });
  test('500 random ones are keys and survive', () => {
    const random = seeded(8);
    for (let i = 0; i < 500; i++) {
      const base64 = Buffer.from(random.bytes(32)).toString('base64');
      expect([isKey(base64), keyFromHex(keyToHex(base64))]).toEqual([true, base64]);
    }
  });
  test.each(['', 'A'.repeat(44), `${'A'.repeat(42)}B=`, `${'A'.repeat(43)}`, `${'A'.repeat(42)}==`, ` ${'A'.repeat(43)}=`, `${'A'.repeat(43)}=\n`, `${'-'.repeat(43)}=`])('"%s" is none', (text) => expect(isKey(text)).toBe(false));
});

describe('a cell', () => {
  test('tells each new value once, and not the present one', () => {
    const seen: number[] = [];
    const value = cell(1);
    const stop = value.subscribe((next) => seen.push(next));
    for (const next of [1, 2, 2, 3]) value.set(next);
    stop();
    value.set(4);
    expect([seen, value.get()]).toEqual([[2, 3], 4]);
  });
  test('a watcher may leave while it is told', () => {
    const value = cell(0);
    const seen: string[] = [];
    const stop = value.subscribe((next) => {
      seen.push(`a${next}`);
      stop();
    });
    value.subscribe((next) => seen.push(`b${next}`));
    value.set(1);
    value.set(2);
    expect(seen).toEqual(['a1', 'b1', 'b2']);
  });
});

test('assertions say what was assumed', () => {
  expect(() => assert(false, 'entries apply in order')).toThrow(new AssertionError('entries apply in order'));
  expect(() => unreachable({ kind: 'odd' } as never)).toThrow('unreachable: {"kind":"odd"}');
  expect([present(0, 'zero'), present('', 'text')]).toEqual([0, '']);
  expect(() => present(null, 'the lease')).toThrow('the lease is present');
});

test('a secret shows itself to nobody who does not ask', () => {
  const secret = new Secret('hunter2');
  const shown = [String(secret), `${secret}`, JSON.stringify({ secret }), inspect(secret), inspect({ deep: [secret] }), Object.values(secret).join()];
  expect(shown.filter((text) => text.includes('hunter2'))).toEqual([]);
  expect(secret.reveal()).toBe('hunter2');
});
