import { failure } from '../../base/failure.ts';
import type { InviteView, Role } from '../../contract/state.ts';
import { ahead, moment, plainText, plural } from './format.ts';

/** What an invite may be: the choices of the dialog, with the usual ones chosen. */
export interface InviteOptions {
  readonly role: Role;
  readonly expiresInSeconds: number;
  readonly uses: number;
  readonly needsApproval: boolean;
  readonly note: string;
}

export const usualOptions: InviteOptions = { role: 'member', expiresInSeconds: 86_400, uses: 1, needsApproval: false, note: '' };

export const roleChoices: readonly { readonly value: Role; readonly word: string; readonly why: string }[] = [
  { value: 'guest', word: 'Guest', why: 'Reaches the devices of the network, changes nothing.' },
  { value: 'member', word: 'Member', why: 'Reaches the devices, and may help to run the network.' },
  { value: 'admin', word: 'Admin', why: 'May also invite and accept devices, change roles and cut devices off.' },
];
export const lifeChoices: readonly { readonly value: number; readonly word: string }[] = [
  { value: 3_600, word: '1 hour' }, { value: 86_400, word: '24 hours' }, { value: 7 * 86_400, word: '7 days' }, { value: 30 * 86_400, word: '30 days' },
];
export const usesChoices: readonly { readonly value: number; readonly word: string }[] = [1, 2, 5, 10, 25, 100].map((value) => ({ value, word: plural(value, 'device') }));

export function roleWord(role: Role): string {
  return (roleChoices.find((choice) => choice.value === role) ?? { word: 'Unknown' }).word;
}

export function roleWhy(role: Role): string {
  return (roleChoices.find((choice) => choice.value === role) ?? { why: 'A newer version of the app knows this role.' }).why;
}

/** `For one device, until 23 Nov 2026, 09:04 (in 24 h). It joins as a member.` */
export function inviteSentence({ role, uses, needsApproval }: Pick<InviteOptions, 'role' | 'uses' | 'needsApproval'>, expiresAtMs: number, nowMs: number): string {
  const who = uses === 1 ? 'It joins' : 'They join';
  const accepted = needsApproval ? `, once you accept ${uses === 1 ? 'it' : 'each of them'}` : '';
  return `For ${uses === 1 ? 'one device' : plural(uses, 'device')}, until ${moment(expiresAtMs)} (${ahead(expiresAtMs, nowMs)}). ${who} as ${role === 'admin' ? 'an admin' : `a ${role}`}${accepted}.`;
}

/** What an invite in the list is worth now. */
export function inviteState({ state, uses, usesMax, expiresAtMs }: InviteView, nowMs: number): { readonly word: string; readonly open: boolean } {
  if (state === 'revoked') return { word: 'Taken back', open: false };
  if (state === 'used' || uses >= usesMax) return { word: usesMax === 1 ? 'Used' : 'Used up', open: false };
  if (state === 'expired' || expiresAtMs <= nowMs) return { word: 'Too old', open: false };
  return { word: `Good for ${ahead(expiresAtMs, nowMs).replace(/^in /, '')} more`, open: true };
}

const scheme = 'webmesh://join/';

/** The first invite link in a text, or null: chat programs put words and marks around links. */
export function linkIn(text: string): string | null {
  return /webmesh:\/\/join\/[A-Za-z0-9_-]+/.exec(text)?.[0] ?? null;
}

/** The ends of a link: enough to see that it is one, short enough for a line. */
export function shortLink(link: string): string {
  const said = link.startsWith(scheme) ? link.slice(scheme.length) : link;
  return said.length > 22 ? `${scheme}${said.slice(0, 8)}…${said.slice(-6)}` : link;
}

/** Invites are small; whatever is larger is something else and is not read. */
export const inviteBytesMax = 4096;

/** The text of an invite's file. Only its content counts, never its name. Throws input.limit for a file that cannot be an invite. */
export async function readInviteFile(file: Pick<File, 'size' | 'text'>): Promise<string> {
  if (file.size > inviteBytesMax) throw failure('input.limit', { field: 'file', most: '4 KiB for an invite' });
  return (await file.text()).trim();
}

/** A name for the file of an invite that every system takes: letters and digits of any script, spaces, dots, hyphens. */
export function inviteFileName(network: string): string {
  const name = plainText(network).replace(/[^\p{L}\p{N} ._-]+/gu, '').replace(/^[. ]+|[. ]+$/g, '').slice(0, 64);
  return `${name === '' ? 'network' : name}.webmesh-invite`;
}
