import jsQR from 'jsqr';
import { expect, test } from 'vitest';
import { deviceOf, invitationAt, linkOf, trustOf } from '../../../test/fakes/trust-world.ts';
import { isFailure } from '../../base/failure.ts';
import { actionWord, detailWords } from './audit-words.ts';
import { ahead, fingerprintGroups, given, moment } from './format.ts';
import { inviteFileName, inviteSentence, inviteState, linkIn, readInviteFile, shortLink, usualOptions } from './invites.ts';
import { strengthOf } from './passphrase.ts';
import { groupDevices, isAdmin, isLastAdmin, nameOf, roleChange } from './people.ts';
import { qrShape } from './qr.ts';

const nowMs = Date.UTC(2026, 10, 22, 9, 4);
const link = linkOf(invitationAt(nowMs));

test('a QR code says the link, with its quiet zone', () => {
  const { size, path } = qrShape(link);
  const scale = 4;
  const pixels = new Uint8ClampedArray((size * scale) ** 2 * 4).fill(255);
  for (const [, x, y, width] of path.matchAll(/M(\d+) (\d+)h(\d+)v1h-\d+z/g)) {
    expect(Math.min(Number(x), Number(y), size - Number(x) - Number(width), size - 1 - Number(y))).toBeGreaterThanOrEqual(4);
    for (let dy = 0; dy < scale; dy++) {
      const from = ((Number(y) * scale + dy) * size + Number(x)) * scale * 4;
      for (let i = 0; i < Number(width) * scale; i++) pixels.fill(0, from + i * 4, from + i * 4 + 3);
    }
  }
  const read = (jsQR as unknown as typeof jsQR.default)(pixels, size * scale, size * scale);
  expect(read?.data).toBe(link);
});

test('says what an invite is and what became of it', () => {
  expect(inviteSentence(usualOptions, nowMs + 86_400_000, nowMs)).toMatch(/^For one device, until 23 Nov 2026, \d\d:04 \(in 24 h\)\. It joins as a member\.$/);
  expect(inviteSentence({ role: 'admin', uses: 5, needsApproval: true }, nowMs + 3_600_000, nowMs)).toMatch(/\. They join as an admin, once you accept each of them\.$/);
  expect(trustOf(nowMs, true).invites.map((invite) => inviteState(invite, nowMs).word)).toEqual(['Good for 23 h more', 'Good for 6 days more', 'Used', 'Too old', 'Taken back']);
});

test('finds the link in what people paste, and shortens it for the eye only', () => {
  expect(linkIn(`Hi! Join us: <${link}> :-)`)).toBe(link);
  expect([linkIn('webmesh://join/'), linkIn('https://join/abc'), linkIn('')]).toEqual([null, null, null]);
  expect(shortLink(link)).toMatch(/^webmesh:\/\/join\/.{8}….{6}$/);
});

test('files have a name that every system takes, and only small ones are read', async () => {
  expect([inviteFileName('Home'), inviteFileName('../../etc/pass\u202ewd:*?'), inviteFileName('כן 🏠'), inviteFileName('\u200b')]).toEqual([
    'Home.webmesh-invite', 'etcpasswd.webmesh-invite', 'כן.webmesh-invite', 'network.webmesh-invite',
  ]);
  expect(await readInviteFile({ size: link.length + 1, text: async () => `${link}\n` })).toBe(link);
  const refused = await readInviteFile({ size: 4097, text: async () => 'not read' }).catch((error: unknown) => error);
  expect(isFailure(refused) && refused.code).toBe('input.limit');
});

test('devices are grouped: who waits first, then this device and the others by name', () => {
  const { devices } = trustOf(nowMs, true);
  const groups = groupDevices(devices, '');
  expect([groups.pending.map((d) => d.id), groups.active.slice(0, 3).map((d) => d.name), groups.revoked.map((d) => d.id)]).toEqual([['linus-phone'], ['Study', "Ada's laptop", 'Attic'], ['old-laptop']]);
  expect(groupDevices(devices, 'GRACE member').active.map((d) => d.id)).toEqual(['grace-desktop']);
  const key = devices[3]?.keyFingerprint ?? '';
  expect(groupDevices(devices, key.replaceAll(':', '').slice(4, 20)).active.map((d) => d.id)).toEqual(['garden-pi']);
  expect([nameOf('nas', devices), nameOf('gone', devices)]).toEqual(['NAS', 'gone']);
});

test('the last admin is known', () => {
  const admin = deviceOf(nowMs, { id: 'a', role: 'admin' });
  const other = deviceOf(nowMs, { id: 'b', role: 'admin' });
  expect([isLastAdmin(admin, [admin]), isLastAdmin(admin, [admin, other]), isLastAdmin(admin, [admin, { ...other, state: 'revoked' }]), isLastAdmin({ ...admin, role: 'guest' }, [])]).toEqual([true, false, true, false]);
  expect([isAdmin(null), isAdmin(trustOf(nowMs, true)), isAdmin({ ...trustOf(nowMs, true), mode: 'clear-text' })]).toEqual([false, true, false]);
  expect(roleChange('Nas', true, 'admin', 'member')).toBe('This device can then no longer invite, accept or change anything. Another admin can give that back.');
});

test('a passphrase is judged by length first', () => {
  expect(['short', 'aaaaaaaaaaaa', 'abcdefgh12', 'abcdefgh12XY!', 'correct horse battery staple'].map((text) => strengthOf(text).level)).toEqual([0, 1, 1, 2, 3]);
});

test('names are inert, fingerprints come in eight groups, odd times stop nothing', () => {
  expect([given('\u202e\u200b'), given('Zoë\n<b>'), given('W'.repeat(90)).length, given('', 'nobody')]).toEqual(['without a name', 'Zoë <b>', 64, 'nobody']);
  expect(fingerprintGroups('AB:'.repeat(31) + 'ab')).toEqual(Array(8).fill('ABABABAB'));
  expect(fingerprintGroups('no fingerprint')).toEqual(['no fingerprint']);
  expect([moment(Number.NaN), moment(9e15), ahead(nowMs - 1, nowMs), ahead(nowMs + 90_000, nowMs)]).toEqual(['unknown', 'unknown', 'now', 'in 1 min']);
  expect([actionWord('device.revoke'), actionWord('acl.put\u202e_new'), detailWords({ role: 'admin', note: 'a\nb', key: 'ab'.repeat(32) })]).toEqual(['cut a device off', 'acl put new', 'role admin, note a b, key abababab…']);
});
