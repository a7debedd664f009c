import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { asFailure } from '../../base/failure.ts';
import { roles } from '../../base/identity.ts';
import { InvitePayload } from '../../gen/webmesh/trust/v1/trust_messages.ts';
import { type Invite, invitationOf, linkMax, linkStart, readInvite, writeInvite } from './invite.ts';
import { isPlainName, plainName } from './names.ts';

const digest = (bytes: Uint8Array): Uint8Array => new Uint8Array(createHash('sha256').update(bytes).digest());
const sample: Invite = {
  networkName: 'Büro', endpoints: [{ nodeId: 'ann-1', address: '192.0.2.1:8443' }, { nodeId: 'bob', address: '[2001:db8::1]:8443' }], rootFingerprint: new Uint8Array(32).fill(0xab),
  inviteId: 'abcdefgh01234567', token: new Uint8Array(32).fill(7), role: 'member', expiresAtMs: 1_800_000_000_000, invitedBy: "Ann's laptop", needsApproval: false,
};
const link = writeInvite(sample, digest);

const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }).filter(isPlainName);
const nodeId = fc.stringMatching(/^[A-Za-z0-9]([A-Za-z0-9._-]{0,40}[A-Za-z0-9])?$/);
const port = fc.integer({ min: 1, max: 65535 });
const address = fc.oneof(
  fc.tuple(fc.ipV4(), port).map(([host, at]) => `${host}:${at}`),
  fc.tuple(fc.integer({ min: 0, max: 0xfffe }), port).map(([n, at]) => `[2001:db8::${(n + 1).toString(16)}]:${at}`),
  fc.tuple(fc.stringMatching(/^[a-z][a-z0-9]{0,20}$/), port).map(([host, at]) => `${host}.example:${at}`),
);
const invites: fc.Arbitrary<Invite> = fc.record({
  networkName: name, invitedBy: name, endpoints: fc.array(fc.record({ nodeId, address }), { minLength: 1, maxLength: 4 }), rootFingerprint: fc.uint8Array({ minLength: 32, maxLength: 32 }),
  inviteId: fc.stringMatching(/^[a-z0-9]{16}$/), token: fc.uint8Array({ minLength: 32, maxLength: 32 }), role: fc.constantFrom(...roles),
  expiresAtMs: fc.integer({ min: 1, max: 8_640_000_000_000_000 }), needsApproval: fc.boolean(),
});

/** The problem that reading names; undefined when it is read. Anything but input.invite-damaged fails the test. */
function problemOf(text: string): string | undefined {
  try {
    readInvite(text, digest);
    return undefined;
  } catch (error) {
    const { code, detail } = asFailure(error);
    expect(code).toBe('input.invite-damaged');
    expect(JSON.stringify(detail)).not.toContain(text.slice(linkStart.length, linkStart.length + 20) || 'nothing');
    return String(detail['problem']);
  }
}

/** A link of any payload, with a good checksum. */
function linkOf(payload: Partial<InvitePayload>, bytes = InvitePayload.encode({ ...InvitePayload.decode(payloadOf(link)), ...payload }).finish()): string {
  return linkStart + Buffer.concat([bytes, digest(bytes).subarray(0, 4)]).toString('base64url');
}

function payloadOf(text: string): Uint8Array {
  return Buffer.from(text.slice(linkStart.length), 'base64url').subarray(0, -4);
}

test('what is written is read back, whatever is in it, and fits', () => {
  fc.assert(fc.property(invites, (invite) => {
    const text = writeInvite(invite, digest);
    expect(text.length).toBeLessThanOrEqual(linkMax);
    expect(readInvite(text, digest)).toEqual(invite);
    expect(readInvite(`\n${text}\n`, digest)).toEqual(invite);
  }), { seed: 1, numRuns: 500 });
});

test('any text is an invite or damaged, never anything else', () => {
  fc.assert(fc.property(fc.oneof(fc.string({ maxLength: 300 }), fc.base64String({ maxLength: 400 }).map((text) => linkStart + text), fc.uint8Array({ maxLength: 200 }).map((bytes) => linkOf({}, bytes))), (text) => void problemOf(text)), { seed: 1, numRuns: 2_000 });
});

test('one changed character is noticed', () => {
  fc.assert(fc.property(fc.integer({ min: 0, max: link.length - 1 }), fc.constantFrom(...'ABCabc019-_+/= .'), (at, letter) => {
    const changed = link.slice(0, at) + letter + link.slice(at + 1);
    if (changed !== link && changed.trim() !== link) expect(problemOf(changed)).toBeDefined();
  }), { seed: 1, numRuns: 1_000 });
});

test.each<[string, string]>([
  ['', `it does not begin with ${linkStart}`],
  ['https://join/AAAA', `it does not begin with ${linkStart}`],
  [`WEBMESH://join/${link.slice(linkStart.length)}`, `it does not begin with ${linkStart}`],
  [`${link}#x`, 'a part is missing or was changed'],
  [`${link}=`, 'a part is missing or was changed'],
  [link.slice(0, -8), 'a part is missing or was changed'],
  [linkStart, 'a part is missing or was changed'],
  [linkStart + 'A'.repeat(linkMax), 'it is too long'],
  [linkOf({ version: 2 }), 'it was made by a version of the app that this one does not know'],
  [linkOf({ networkName: '' }), 'the network has no proper name'],
  [linkOf({ networkName: 'a'.repeat(65) }), 'the network has no proper name'],
  [linkOf({ networkName: 'home\u202Egnp' }), 'the network has no proper name'],
  [linkOf({ networkName: 'ho\u0000me' }), 'the network has no proper name'],
  [linkOf({ networkName: ' home' }), 'the network has no proper name'],
  [linkOf({ invitedBy: 'A\u2066nn' }), 'whoever invites has no proper name'],
  [linkOf({ rootFingerprint: Buffer.alloc(31) }), 'the fingerprint is incomplete'],
  [linkOf({ token: Buffer.alloc(16) }), 'the token is incomplete'],
  [linkOf({ inviteId: 'ABCDEFGH01234567' }), 'the invite has no proper id'],
  [linkOf({ role: 0 }), 'it gives no role'],
  [linkOf({ role: 9 as never }), 'it gives no role'],
  [linkOf({ expiresAtMs: 0n }), 'its end makes no sense'],
  [linkOf({ expiresAtMs: 9_000_000_000_000_000n }), 'its end makes no sense'],
  [linkOf({ endpoints: [] }), 'it names no address, or too many'],
  [linkOf({ endpoints: Array.from({ length: 5 }, () => ({ nodeId: 'a', address: 'a.example:1' })) }), 'it names no address, or too many'],
  [linkOf({ endpoints: [{ nodeId: 'a', address: 'a.example' }] }), 'an address makes no sense'],
  [linkOf({ endpoints: [{ nodeId: 'a', address: 'user@a.example:1' }] }), 'an address makes no sense'],
  [linkOf({ endpoints: [{ nodeId: 'a/b', address: 'a.example:1' }] }), 'an address makes no sense'],
  [linkOf({}, Buffer.concat([payloadOf(link), Buffer.from([0x98, 0x06, 0x01])])), 'its content makes no sense'],
  [linkOf({}, Buffer.concat([payloadOf(link), payloadOf(link)])), 'its content makes no sense'],
])('%s is damaged: %s', (text, problem) => expect(problemOf(text)).toBe(problem));

test('what a person reads first', () => {
  expect(invitationOf(`${link}\n`, sample, 1_800_000_000_000, 'home')).toEqual({
    link, inviteId: 'abcdefgh01234567', networkName: 'Büro', invitedBy: "Ann's laptop", fingerprint: Array.from({ length: 32 }, () => 'AB').join(':'), role: 'member',
    expiresAtMs: 1_800_000_000_000, expired: true, needsApproval: false, addresses: ['192.0.2.1:8443', '[2001:db8::1]:8443'], known: 'home',
  });
});

test('a machine may be called anything', () => {
  expect([plainName('Büro\u202E', 'x'), plainName('\u0007', 'box'), plainName(` ${'a'.repeat(80)}`, 'x'), plainName('', 'box')]).toEqual(['Büro', 'box', 'a'.repeat(64), 'box']);
});
