import { type World } from './world.ts';

/** What an invite may be long, as link or as file, in bytes. */
export const inviteBytesMax = 4_096;

/** The text of an invite: the link itself, `-` for standard input, or the path of a file. Fails with input.invalid. */
export function inviteText(source: string, world: Pick<World, 'read'>): Promise<string> {
  return isLink(source) ? Promise.resolve(source.trim()) : world.read(source, inviteBytesMax).then((text) => text.trim());
}

/** True for what must be an invite, so that it is never taken for an address of an old network. */
export function looksLikeInvite(source: string): boolean {
  return source === '-' || isLink(source) || source.endsWith('.webmesh-invite') || /[/\\]/.test(source);
}

function isLink(source: string): boolean {
  return /^\s*webmesh:/i.test(source);
}
