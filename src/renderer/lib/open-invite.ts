import { failure, type Failure, asFailure } from '../../base/failure.ts';
import { t } from '../words/spoken.svelte.ts';
import type { AppState } from './app-state.svelte.ts';
import { inviteBytesMax, linkIn, readInviteFile } from './invites.ts';

/** Shows an invite and asks for consent; nothing is dialled or stored for it. Gives what was wrong with it, or null. */
export async function openInvite(app: AppState, text: string): Promise<Failure | null> {
  try {
    if (text.length > inviteBytesMax) throw failure('input.limit', { field: 'link', most: '4 KiB' });
    if (text.trim() === '') throw failure('input.invite-damaged', { problem: t.joining.nothingIn });
    await app.call('invite.open', { link: linkIn(text) ?? text.trim() });
    return null;
  } catch (error) {
    return asFailure(error);
  }
}

/** The same for a file: its content is read here, its name and place are not looked at. */
export async function openInviteFile(app: AppState, file: Pick<File, 'size' | 'text'>): Promise<Failure | null> {
  try {
    return await openInvite(app, await readInviteFile(file));
  } catch (error) {
    return asFailure(error);
  }
}
