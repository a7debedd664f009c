import { type Database } from '../../../src/node/ports.ts';
import { type MeshState } from '../../../src/node/state/mesh-state.ts';
import { type DeviceRow } from '../../../src/node/state/trust-rows.ts';
import { readTables } from '../../../src/node/state/snapshot.ts';
import { type Entry } from '../../../src/raft/types.ts';
import { hashBytes } from '../cluster/hash.ts';

/** Something that must never happen did. */
export class Violation extends Error {
  override name = 'Violation';
}

/** One person with one key who redeems one invite, as the person saw it. */
export interface Redeemer {
  readonly inviteId: string;
  readonly keyHash: string;
  /** The name asked for last: another one is drawn when it is taken. */
  id: string;
  /** The certificates that were answered, one for each answer. */
  readonly certificates: string[];
  readonly names: Set<string>;
  /** The last word: accepted, or the words of the refusal. */
  end: string | null;
}

/** What was promised to an admin. */
export interface Promises {
  readonly created: Set<string>;
  readonly revokedInvites: Set<string>;
  readonly revokedDevices: Set<string>;
  /** Whom an admin wanted to cut off: whether it was done may be unknown to that admin. */
  readonly unwanted: Set<string>;
  readonly approved: Set<string>;
}

export interface Checks {
  readonly redeemers: Redeemer[];
  readonly promises: Promises;
  readonly violation: Violation | null;
  /** Remembers what a member answered to each entry; every other must answer the same. */
  applied(member: string, entries: readonly Entry[], answers: readonly (Uint8Array | null)[]): readonly (Uint8Array | null)[];
  broken(member: string, error: unknown): void;
  /** After the calm: one state everywhere, and it keeps every promise. */
  finally(members: readonly { readonly id: string; readonly state: MeshState | null; readonly database: Database }[], setupDevices: ReadonlySet<string>): void;
}

export function createChecks(): Checks {
  const answered = new Map<number, number>();
  const redeemers: Redeemer[] = [];
  const promises: Promises = { created: new Set(), revokedInvites: new Set(), revokedDevices: new Set(), unwanted: new Set(), approved: new Set() };
  let violation: Violation | null = null;
  const violate = (what: string): void => {
    violation ??= new Violation(what);
  };
  return {
    redeemers, promises,
    get violation() {
      return violation;
    },
    applied: (member, entries, answers) => {
      entries.forEach(({ index, term }, i) => {
        const answer = answers[i];
        if (!answer) return;
        const hash = hashBytes(term, answer);
        const before = answered.get(index);
        if (before !== undefined && before !== hash) violate(`answers-differ: ${member} answers entry ${index} in another way`);
        answered.set(index, hash);
      });
      return answers;
    },
    broken: (member, error) => violate(`broken: ${member}: ${error instanceof Error ? error.message : String(error)}`),
    finally: (members, setupDevices) => {
      const [first, ...rest] = members;
      if (!first?.state) return violate('liveness: a member is down');
      const tables = text(readTables(first.database));
      for (const { id, database } of rest) if (text(readTables(database)) !== tables) violate(`replicas-differ: ${first.id} and ${id}`);
      for (const { id, state } of members) if (!state?.trust.auditIntact()) violate(`audit-chain: broken on ${id}`);
      checkState(first.state, setupDevices, { redeemers, promises }, violate);
    },
  };
}

const text = (value: unknown): string => JSON.stringify(value, (_, each: unknown) => (typeof each === 'bigint' ? `${each}n` : each));
const hex = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString('hex');

interface Told {
  readonly redeemers: readonly Redeemer[];
  readonly promises: Promises;
}

function checkState(state: MeshState, setupDevices: ReadonlySet<string>, told: Told, violate: (what: string) => void): void {
  const { trust } = state;
  const events = trust.audit({ search: '', before: 0, limit: 1_000_000 }).events.toReversed();
  for (const invite of trust.invites()) {
    const devices = trust.devices().filter(({ inviteId }) => inviteId === invite.id);
    if (devices.length !== invite.uses) violate(`uses: invite ${invite.id} has ${invite.uses} uses and ${devices.length} devices`);
    if (invite.uses > invite.usesMax) violate(`uses-max: invite ${invite.id} has ${invite.uses} of ${invite.usesMax} uses`);
    const revokedAt = events.findIndex(({ action, subject }) => action === 'invite.revoke' && subject === invite.id);
    for (const { id, createdAtMs } of devices) {
      const enrolledAt = events.findIndex(({ action, subject }) => (action === 'device.enroll' || action === 'device.request') && subject === id);
      if (revokedAt !== -1 && enrolledAt > revokedAt) violate(`revoked-invite: ${id} came in by ${invite.id} after it was revoked`);
      if (createdAtMs >= invite.expiresAtMs) violate(`expired-invite: ${id} came in by ${invite.id} after its end`);
    }
  }
  for (const device of trust.devices()) {
    if (setupDevices.has(device.id)) continue;
    if (device.state === 'revoked' && !told.promises.unwanted.has(device.id)) violate(`revoked: nobody asked to cut off ${device.id}`);
    const count = events.filter(({ action, subject }) => (action === 'device.enroll' || action === 'device.request') && subject === device.id).length;
    if (count !== 1) violate(`events: ${device.id} was enrolled ${count} times in the audit log`);
    const approvals = events.filter(({ action, subject }) => action === 'device.approve' && subject === device.id).length;
    if (approvals > 1) violate(`approvals: ${device.id} was approved ${approvals} times`);
    const certificate = trust.newestCertificate(device.id);
    if (device.state === 'active' && !certificate) violate(`no-certificate: ${device.id} is active and has none`);
    if (device.state === 'pending' && certificate) violate(`early-certificate: ${device.id} waits and has one`);
    const owner = told.redeemers.filter(({ keyHash }) => keyHash === device.keyHash);
    if (owner.length !== 1) violate(`stranger: nobody asked for ${device.id}`);
    const same = trust.devices().filter(({ keyHash, inviteId }) => keyHash === device.keyHash && inviteId === device.inviteId);
    if (same.length > 1) violate(`doubled: ${same.map(({ id }) => id).join(' and ')} have one key`);
  }
  for (const redeemer of told.redeemers) checkRedeemer(state, redeemer, told.promises, violate);
  checkPromises(state, told.promises, violate);
}

function checkRedeemer({ trust }: MeshState, redeemer: Redeemer, { unwanted }: Promises, violate: (what: string) => void): void {
  const { inviteId, keyHash, certificates, names, end } = redeemer;
  const who = [...names].join(' or ');
  const devices = trust.devices().filter((device) => device.keyHash === keyHash);
  const recorded = devices.map(({ id }) => hex(trust.newestCertificate(id)?.chain[0]));
  if (end === null) return violate(`liveness: ${who} has no answer`);
  if (new Set(certificates).size > 1) violate(`same-key: ${who} was given ${new Set(certificates).size} certificates for one key`);
  if (certificates.length > 0 && devices.length !== 1) violate(`lost: ${who} was accepted, and ${devices.length} devices have the key`);
  if (certificates.length > 0 && certificates.some((each) => !recorded.includes(each))) violate(`unrecorded: ${who} holds a certificate that the mesh does not know`);
  const [device] = devices;
  if (end === 'accepted' && device?.state !== 'active' && !isUnwanted(device, unwanted)) violate(`lost: ${who} was accepted and is not active`);
  if (end !== 'accepted' && end !== 'revoked' && device) violate(`refused-and-recorded: ${who} was told "${end}" and is recorded`);
  const invite = trust.invite(inviteId);
  if (end === 'invite used up' && invite && invite.uses < invite.usesMax) violate(`untrue: ${who} was told that ${inviteId} is used up`);
  if (end === 'invite revoked' && invite?.revokedAtMs === 0) violate(`untrue: ${who} was told that ${inviteId} is revoked`);
}

function isUnwanted(device: DeviceRow | undefined, unwanted: ReadonlySet<string>): boolean {
  return device?.state === 'revoked' && unwanted.has(device.id);
}

function checkPromises({ trust }: MeshState, promises: Promises, violate: (what: string) => void): void {
  const { created, revokedInvites, revokedDevices, unwanted, approved } = promises;
  for (const id of created) if (!trust.invite(id)) violate(`lost: invite ${id} was created`);
  for (const id of revokedInvites) if (trust.invite(id)?.revokedAtMs === 0) violate(`lost: invite ${id} was revoked`);
  for (const id of revokedDevices) if (trust.device(id)?.state !== 'revoked') violate(`lost: device ${id} was revoked`);
  for (const id of approved) if (trust.device(id)?.state !== 'active' && !isUnwanted(trust.device(id), unwanted)) violate(`lost: device ${id} was approved`);
}
