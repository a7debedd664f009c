import { createHash } from 'node:crypto';
import type { AuditEventView, DeviceView, Invitation, InviteView, TrustTopic } from '../../src/contract/state.ts';

/** Who belongs to the made-up networks. All values are fixed. */
const dayMs = 86_400_000;

/** Pairs of hex digits joined by colons, as every fingerprint of the contract. */
export function fingerprintOf(text: string): string {
  return (createHash('sha256').update(text).digest('hex').toUpperCase().match(/../g) ?? []).join(':');
}

export const homeFingerprint = fingerprintOf('the root of Home');

/** A network of twelve devices as one of its admins sees it: one waits, one was cut off. */
export function trustOf(nowMs: number, founder: boolean): TrustTopic {
  return {
    mode: 'mtls', role: 'admin', fingerprint: homeFingerprint, notAfterMs: nowMs + 71 * dayMs, root: founder ? 'here' : 'elsewhere', rootExported: false, secretsIn: 'private-file',
    devices: devicesOf(nowMs, founder), invites: invitesOf(nowMs),
    authorities: [
      { nodeId: founder ? 'study' : 'attic', granted: true, notAfterMs: nowMs + 600 * dayMs }, { nodeId: 'workshop', granted: true, notAfterMs: nowMs + 690 * dayMs },
      { nodeId: 'garden-pi', granted: false, notAfterMs: null },
    ],
  };
}

/** A network that was founded a moment ago: nobody but this device. */
export function freshTrust(nowMs: number): TrustTopic {
  const whole = trustOf(nowMs, true);
  return { ...whole, devices: whole.devices.filter((d) => d.self).map((d) => ({ ...d, createdAtMs: nowMs })), invites: [], authorities: whole.authorities.slice(0, 1) };
}

export const noTrust: TrustTopic = {
  mode: 'none', role: null, fingerprint: null, notAfterMs: null, root: 'elsewhere', rootExported: false, secretsIn: 'private-file', devices: [], invites: [], authorities: [],
};

export const clearTrust: TrustTopic = { ...noTrust, mode: 'clear-text' };

function devicesOf(nowMs: number, founder: boolean): DeviceView[] {
  const first = founder ? 'study' : 'attic';
  const names: readonly (readonly [string, string, DeviceView['role']])[] = [
    ['study', 'Study', 'admin'], ['attic', 'Attic', 'admin'], ['workshop', 'Workshop', 'member'], ['garden-pi', 'Garden Pi', 'member'], ['ada-laptop', "Ada's laptop", 'admin'],
    ['nas', 'NAS', 'member'], ['kitchen-tablet', 'Kitchen tablet', 'guest'], ['grace-desktop', "Grace's desktop", 'member'], ['build-runner', 'Build runner', 'member'],
    ['printer-room', 'Printer room', 'guest'],
  ];
  const active = names.map(([id, name, role], i) => deviceOf(nowMs, {
    id, name, role, self: id === 'study', invitedBy: id === first ? '' : i % 3 === 0 ? 'ada-laptop' : first, createdAtMs: nowMs - (160 - i * 11) * dayMs,
    notAfterMs: nowMs + (id === 'build-runner' ? 6 : 60 + i * 2) * dayMs,
  }));
  return [
    ...active,
    deviceOf(nowMs, { id: 'linus-phone', name: 'Linus', role: 'member', state: 'pending', invitedBy: 'ada-laptop', createdAtMs: nowMs - 95_000, notAfterMs: null }),
    deviceOf(nowMs, { id: 'old-laptop', name: 'Old laptop', role: 'member', state: 'revoked', invitedBy: first, createdAtMs: nowMs - 300 * dayMs, revokedAtMs: nowMs - 12 * dayMs, notAfterMs: nowMs + 3 * dayMs }),
  ];
}

export function deviceOf(nowMs: number, given: Partial<DeviceView> & Pick<DeviceView, 'id'>): DeviceView {
  return {
    self: false, name: given.id, role: 'member', state: 'active', invitedBy: '', createdAtMs: nowMs - 40 * dayMs, revokedAtMs: null, notAfterMs: nowMs + 60 * dayMs,
    keyFingerprint: fingerprintOf(`key of ${given.id}`), ...given,
  };
}

function invitesOf(nowMs: number): InviteView[] {
  const invite = (given: Partial<InviteView> & Pick<InviteView, 'id'>): InviteView => ({
    role: 'member', state: 'open', createdBy: 'study', createdAtMs: nowMs - 3_600_000, expiresAtMs: nowMs + 23 * 3_600_000, uses: 0, usesMax: 1, needsApproval: false, note: '', ...given,
  });
  return [
    invite({ id: 'k3v9q0m2x7c1b5n8', note: 'Margaret, for the new phone' }),
    invite({ id: 'a1s2d3f4g5h6j7k8', role: 'guest', uses: 2, usesMax: 10, needsApproval: true, createdBy: 'ada-laptop', expiresAtMs: nowMs + 6 * dayMs, note: 'Workshop evening' }),
    invite({ id: 'q9w8e7r6t5y4u3i2', state: 'used', uses: 1, createdAtMs: nowMs - 2 * dayMs, expiresAtMs: nowMs - dayMs }),
    invite({ id: 'z0x9c8v7b6n5m4l3', state: 'expired', createdAtMs: nowMs - 9 * dayMs, expiresAtMs: nowMs - 8 * dayMs, note: 'Printer' }),
    invite({ id: 'p1o2i3u4y5t6r7e8', state: 'revoked', createdAtMs: nowMs - 5 * dayMs, expiresAtMs: nowMs - 4 * dayMs }),
  ];
}

/** A link of about the usual length, which the fake reads back. */
export function linkOf({ inviteId, networkName, invitedBy, fingerprint, role, expiresAtMs, needsApproval, addresses, known }: Omit<Invitation, 'link'>): string {
  const said = [inviteId, networkName, invitedBy, fingerprint.replaceAll(':', ''), role, expiresAtMs, needsApproval, addresses, known];
  return `webmesh://join/${Buffer.from(JSON.stringify(said)).toString('base64url')}`;
}

/** What a link or the content of a file says; null when it is none. */
export function readLink(text: string, nowMs: number): Invitation | null {
  const link = text.trim();
  if (!/^webmesh:\/\/join\/[A-Za-z0-9_-]+$/.test(link)) return null;
  try {
    const [inviteId, networkName, invitedBy, hex, role, expiresAtMs, needsApproval, addresses, known] = JSON.parse(Buffer.from(link.slice('webmesh://join/'.length), 'base64url').toString());
    return { link, inviteId, networkName, invitedBy, fingerprint: hex.match(/../g).join(':'), role, expiresAtMs, expired: expiresAtMs <= nowMs, needsApproval, addresses, known };
  } catch {
    return null;
  }
}

export function invitationAt(nowMs: number, given: Partial<Omit<Invitation, 'link'>> = {}): Omit<Invitation, 'link'> {
  return {
    inviteId: 'k3v9q0m2x7c1b5n8', networkName: 'Lab', invitedBy: "Ada's laptop", fingerprint: fingerprintOf('the root of Lab'), role: 'member', expiresAtMs: nowMs + 23 * 3_600_000, expired: false,
    needsApproval: false, addresses: ['attic.example.net:8443', '192.168.1.20:8443'], known: null, ...given,
  };
}

/** An audit log of `count` events, oldest first, each with a hash over the one before. */
export function auditOf(count: number, nowMs: number): AuditEventView[] {
  const kinds: readonly (readonly [string, string, Readonly<Record<string, string>>])[] = [
    ['invite.create', 'k3v9q0m2x7c1b5n8', { role: 'member', uses: '1' }], ['device.enroll', 'grace-desktop', { invite: 'k3v9q0m2x7c1b5n8', role: 'member' }], ['node.join', 'grace-desktop', {}],
    ['device.renew', 'nas', {}], ['device.role', 'ada-laptop', { role: 'admin', before: 'member' }], ['invite.revoke', 'p1o2i3u4y5t6r7e8', {}], ['device.revoke', 'old-laptop', {}],
    ['node.leave', 'kitchen-tablet', {}],
  ];
  const actors = ['study', 'anonymous', 'grace-desktop', 'nas', 'attic', 'ada-laptop', 'study', 'kitchen-tablet'];
  return Array.from({ length: count }, (_, i) => {
    const [action, subject, detail] = i === 0 ? ['mesh.found', 'Home', {}] as const : (kinds[(i - 1) % kinds.length] ?? ['', '', {}]);
    return {
      sequence: i + 1, atMs: nowMs - (count - i) * 5_400_000, actor: i === 0 ? 'study' : (actors[(i - 1) % actors.length] ?? ''), node: i % 3 === 0 ? 'study' : 'attic', action, subject, detail,
      hash: createHash('sha256').update(`event ${i}`).digest('hex'),
    };
  });
}
