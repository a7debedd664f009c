import { describe, expect, test } from 'vitest';
import { asFailure, type Failure, failure, failureCodes, fromData, isFailure, toData } from './failure.ts';

describe('a failure', () => {
  test('carries its code, who acts next, and plain detail', () => {
    expect(toData(failure('mesh.unreachable', { address: 'a:1' }))).toEqual({ code: 'mesh.unreachable', retry: 'later', detail: { address: 'a:1' } });
    expect(failure('input.invalid').retry).toBe('after-user');
    expect(failure('mesh.incompatible').retry).toBe('never');
  });
  test('keeps its cause and reads well in a log', () => {
    const cause = new Error('ECONNREFUSED');
    const made = failure('mesh.unreachable', { address: 'a:1' }, cause);
    expect([made.cause, made.message, made.name]).toEqual([cause, 'mesh.unreachable {"address":"a:1"}', 'Failure']);
    expect('cause' in failure('mesh.unreachable')).toBe(false);
  });
  test.each(failureCodes)('%s crosses a process border unchanged', (code) => {
    const sent = failure(code, { text: 'x', number: 1, truth: true });
    const received = fromData(JSON.parse(JSON.stringify(toData(sent))));
    expect(toData(received)).toEqual(toData(sent));
    expect(isFailure(received)).toBe(true);
  });
});

describe('what another process sends', () => {
  const unexpected = { code: 'internal.unexpected', retry: 'later', detail: { message: 'a failure of unknown shape arrived' } };
  test.each([null, undefined, 1, 'x', [], {}, { code: 'mesh.unreachable' }, { code: 'no.such', retry: 'later' }, { code: 'mesh.unreachable', retry: 'soon' }, { code: 1, retry: 2 }])('%j becomes unexpected', (value) => {
    expect(toData(fromData(value))).toEqual(unexpected);
  });
  test('detail is kept plain and small', () => {
    const detail = { ok: 1, nested: { a: 1 }, list: [1], nothing: null, fn: 'x' };
    expect(fromData({ code: 'input.invalid', retry: 'after-user', detail }).detail).toEqual({ ok: 1, fn: 'x' });
    const many = Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`k${i}`, i]));
    expect(Object.keys(fromData({ code: 'input.invalid', retry: 'after-user', detail: many }).detail).length).toBe(20);
    expect(fromData({ code: 'input.invalid', retry: 'after-user', detail: 'text' }).detail).toEqual({});
    expect(fromData({ code: 'input.invalid', retry: 'after-user' }).detail).toEqual({});
  });
});

test('anything that was thrown is a failure', () => {
  const own: Failure = failure('mesh.timeout');
  expect(asFailure(own)).toBe(own);
  expect([new Error('boom'), 'text', undefined].map((thrown) => toData(asFailure(thrown)).detail)).toEqual([{ message: 'boom' }, { message: 'text' }, { message: 'undefined' }]);
});
