import type { DeviceView, Role, TrustTopic } from '../../contract/state.ts';
import { t } from '../words/spoken.svelte.ts';
import { given } from './format.ts';

/** Devices as the screen groups them: those that wait for an admin first, those that were cut off last. */
export interface PeopleGroups {
  readonly pending: readonly DeviceView[];
  readonly active: readonly DeviceView[];
  readonly revoked: readonly DeviceView[];
}

const collator = new Intl.Collator('en', { numeric: true, sensitivity: 'base' });

/** This device first, then by name; of those that wait, who waits longest comes first. */
export function groupDevices(devices: readonly DeviceView[], query: string): PeopleGroups {
  const found = devices.filter(deviceMatches(query));
  const named = found.map((device) => ({ device, name: given(device.name, device.id) }));
  const byName = named.sort((a, b) => Number(b.device.self) - Number(a.device.self) || collator.compare(a.name, b.name)).map(({ device }) => device);
  return {
    pending: byName.filter((d) => d.state === 'pending').sort((a, b) => a.createdAtMs - b.createdAtMs),
    active: byName.filter((d) => d.state === 'active'),
    revoked: byName.filter((d) => d.state === 'revoked').sort((a, b) => (b.revokedAtMs ?? 0) - (a.revokedAtMs ?? 0)),
  };
}

/** Every word must stand in the name, the id, the role or the fingerprint. */
export function deviceMatches(query: string): (device: DeviceView) => boolean {
  const words = query.trim().toLowerCase().split(/\s+/);
  return ({ id, name, role, keyFingerprint }) => {
    const hay = `${name} ${id} ${role} ${keyFingerprint} ${keyFingerprint.replaceAll(':', '')}`.toLowerCase();
    return words.every((word) => hay.includes(word));
  };
}

/** What people call a device of which only the id is known. */
export function nameOf(id: string, devices: readonly DeviceView[]): string {
  const device = devices.find((d) => d.id === id);
  return given(device?.name ?? id, id);
}

/** A network without an admin could never change again: its last one stays. */
export function isLastAdmin(device: DeviceView, devices: readonly DeviceView[]): boolean {
  return device.role === 'admin' && device.state === 'active' && !devices.some((d) => d.id !== device.id && d.role === 'admin' && d.state === 'active');
}

/** May this device change who belongs? Asked by screens to offer; the network decides. */
export function isAdmin(trust: TrustTopic | null): boolean {
  return trust !== null && trust.mode === 'mtls' && trust.role === 'admin';
}

/** What a change of role means for the device, in one sentence. */
export function roleChange(name: string, self: boolean, before: Role, after: Role): string {
  const { change } = t.people;
  if (after === 'admin') return self ? change.selfToAdmin : change.toAdmin(name);
  if (before === 'admin') return self ? change.selfFromAdmin : change.fromAdmin(name);
  if (after === 'guest') return self ? change.selfToGuest : change.toGuest(name);
  return self ? change.selfToMember : change.toMember(name);
}
