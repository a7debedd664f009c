import type { Role } from '../../../base/identity.ts';
import { pluralIn } from '../../../contract/language.ts';

const count = pluralIn('en');

/** Invites: the dialog that makes one, the list of them, and the roles that they give. */
export const invites = {
  roles: {
    guest: { word: 'Guest', why: 'Reaches the devices of the network, changes nothing.', joins: 'as a guest' },
    member: { word: 'Member', why: 'Reaches the devices, and may help to run the network.', joins: 'as a member' },
    admin: { word: 'Admin', why: 'May also invite and accept devices, change roles and cut devices off.', joins: 'as an admin' },
  } satisfies Readonly<Record<Role, object>>,
  roleUnknown: { word: 'Unknown', why: 'A newer version of the app knows this role.', joins: 'with a role that this version does not know' },
  open: 'Open invites',
  noneOpen: 'None is open. The Invite button makes one in a click.',
  areOver: 'Invites that are over',
  over: (n: number) => count(n, { one: '# invite that is over', other: '# invites that are over' }),
  forDevices: (n: number) => count(n, { one: 'For one device', other: 'For # devices' }),
  used: (role: string, uses: number, usesMax: number) => `${role}, ${uses} of ${usesMax} used.`,
  usedWithApproval: (role: string, uses: number, usesMax: number) => `${role}, ${uses} of ${usesMax} used, an admin accepts each device.`,
  made: (ago: string, name: string) => `Made ${ago} by ${name}.`,
  state: { takenBack: 'Taken back', used: 'Used', usedUp: 'Used up', tooOld: 'Too old', goodFor: (span: string) => `Good for ${span} more` },
  takeBack: 'Take back',
  takeBackOf: (title: string) => `Take back: ${title}`,
  takenBack: { what: 'Taken back.', next: 'Its link no longer lets anybody in.' },
};
