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
  dialog: {
    title: (network: string) => `Invite to ${network}`,
    qr: 'QR code of the invite',
    before: 'This is still the invite from before your changes.',
    making: 'Making an invite…',
    makingIt: 'Making it…',
    again: 'Try again',
    instead: 'Make this one instead',
    insteadHint: 'The one that is shown then stops working, unless somebody used it already.',
    copy: 'Copy link',
    save: 'Save as a file',
    how: 'On the other device: open the link, scan the code, or paste it under “Join with an invite”. Whoever has it can use it, so give it only to the right person.',
    copied: 'Copied. Send it in a message to whoever may join.',
    notCopied: 'The system did not allow copying. Select the link and copy it by hand, or save the file.',
    saved: 'Saved as a file. Opening it on the other device asks there to join.',
    options: 'Options',
    compare: 'Fingerprint to compare',
    compareHint: 'The other side is shown this before joining. Read it to each other, for example on the phone, if you want to be sure that nothing stands in between.',
    stays: (people: string) => `It stays in the list under ${people}, where it can be taken back.`,
    people: 'People',
    done: 'Done',
  },
  /** What an invite is good for: until when, and as what its devices join. */
  tells: (n: number, until: string, ahead: string, joins: string) => `${count(n, { one: 'For one device', other: 'For # devices' })}, until ${until} (${ahead}). ${n === 1 ? 'It joins' : 'They join'} ${joins}.`,
  tellsAccepted: (n: number, until: string, ahead: string, joins: string) => `${count(n, { one: 'For one device', other: 'For # devices' })}, until ${until} (${ahead}). ${n === 1 ? `It joins ${joins}, once you accept it.` : `They join ${joins}, once you accept each of them.`}`,
  fields: {
    joinsAs: 'Joins as',
    goodFor: 'Good for',
    howMany: 'How many',
    hours: (n: number) => count(n, { one: '# hour', other: '# hours' }),
    days: (n: number) => count(n, { one: '# day', other: '# days' }),
    devices: (n: number) => count(n, { one: '# device', other: '# devices' }),
    approval: 'An admin accepts each device',
    approvalHint: 'It waits until one of you has compared its fingerprint and accepted it.',
    note: 'Note',
    notePlaceholder: 'For whom it is',
    noteHint: 'Admins see it in the list. It is not in the link.',
  },
};
