import { failure } from '../../base/failure.ts';
import type { InviteView, Role } from '../../contract/state.ts';
import { t } from '../words/spoken.svelte.ts';
import { ahead, left, moment, plainText } from './format.ts';

/** What an invite may be: the choices of the dialog, with the usual ones chosen. */
export interface InviteOptions {
  readonly role: Role;
  readonly expiresInSeconds: number;
  readonly uses: number;
  readonly needsApproval: boolean;
  readonly note: string;
}

export const usualOptions: InviteOptions = { role: 'member', expiresInSeconds: 86_400, uses: 1, needsApproval: false, note: '' };

const roles: readonly Role[] = ['guest', 'member', 'admin'];

export function roleChoices(): readonly { readonly value: Role; readonly word: string; readonly why: string }[] {
  return roles.map((value) => ({ value, ...roleWords(value) }));
}

/** How long an invite may be good, in seconds. */
export function lifeChoices(): readonly { readonly value: number; readonly word: string }[] {
  const { hours, days } = t.invites.fields;
  return [{ value: 3_600, word: hours(1) }, { value: 86_400, word: hours(24) }, { value: 7 * 86_400, word: days(7) }, { value: 30 * 86_400, word: days(30) }];
}

/** For how many devices it may be. */
export function usesChoices(): readonly { readonly value: number; readonly word: string }[] {
  return [1, 2, 5, 10, 25, 100].map((value) => ({ value, word: t.invites.fields.devices(value) }));
}

export function roleWord(role: Role): string {
  return roleWords(role).word;
}

export function roleWhy(role: Role): string {
  return roleWords(role).why;
}

/** `as a member`. */
export function joinsAs(role: Role): string {
  return roleWords(role).joins;
}

/** A role of a newer version has words too. */
function roleWords(role: Role): { readonly word: string; readonly why: string; readonly joins: string } {
  return Object.hasOwn(t.invites.roles, role) ? t.invites.roles[role] : t.invites.roleUnknown;
}

/** `For one device, until 23 Nov 2026, 09:04 (in 24 h). It joins as a member.` */
export function inviteSentence({ role, uses, needsApproval }: Pick<InviteOptions, 'role' | 'uses' | 'needsApproval'>, expiresAtMs: number, nowMs: number): string {
  return (needsApproval ? t.invites.tellsAccepted : t.invites.tells)(uses, moment(expiresAtMs), ahead(expiresAtMs, nowMs), joinsAs(role));
}

/** What an invite in the list is worth now. */
export function inviteState({ state, uses, usesMax, expiresAtMs }: InviteView, nowMs: number): { readonly word: string; readonly open: boolean } {
  const words = t.invites.state;
  if (state === 'revoked') return { word: words.takenBack, open: false };
  if (state === 'used' || uses >= usesMax) return { word: usesMax === 1 ? words.used : words.usedUp, open: false };
  if (state === 'expired' || expiresAtMs <= nowMs) return { word: words.tooOld, open: false };
  return { word: words.goodFor(left(expiresAtMs, nowMs)), open: true };
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
  if (file.size > inviteBytesMax) throw failure('input.limit', { field: 'file', most: '4 KiB' });
  return (await file.text()).trim();
}

/** A name for the file of an invite that every system takes: letters and digits of any script, spaces, dots, hyphens. */
export function inviteFileName(network: string): string {
  const name = plainText(network).replace(/[^\p{L}\p{N} ._-]+/gu, '').replace(/^[. ]+|[. ]+$/g, '').slice(0, 64);
  return `${name === '' ? 'network' : name}.webmesh-invite`;
}
