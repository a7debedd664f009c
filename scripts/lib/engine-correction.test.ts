import { expect, test } from 'vitest';
import { corrected } from './engine-correction.ts';

const send = `	if is6 {
		as16 := endpoint.DstIP().As16()
		copy(ua.IP, as16[:])
		ua.IP = ua.IP[:16]
	} else {
`;

test('the address is made long enough before it is copied to, and nothing else changes', () => {
  expect(corrected(`before\n${send}after\n`)).toBe(`before
	if is6 {
		as16 := endpoint.DstIP().As16()
		ua.IP = ua.IP[:16]
		copy(ua.IP, as16[:])
	} else {
after
`);
});

test.each([
  ['not at all: upstream mended or moved it', corrected(send), 0],
  ['twice', send + send, 2],
])('a text that has it %s is built by nobody', (_, source, times) => {
  expect(() => corrected(source)).toThrow(`${times} times, not once`);
});
