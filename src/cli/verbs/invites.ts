import { failure } from '../../base/failure.ts';
import { type InviteView } from '../../contract/state.ts';
import { present } from '../../contract/wait.ts';
import { fromNow, moment, secondsOf } from '../dates.ts';
import { exitCodes } from '../exit-codes.ts';
import { pairs, table } from '../format.ts';
import { checked } from '../input.ts';
import { qr } from '../qr.ts';
import { type Context, type Verb } from '../verb.ts';
import { show } from './join.ts';

const create: Verb = {
  words: ['invite', 'create'],
  about: 'Make an invite: its link, a QR code, when it ends, the fingerprint of the network',
  command: 'invite.create',
  flags: [
    { name: 'expires', field: 'expiresInSeconds', kind: 'text', about: 'how long it is good: 30m, 24h, 7d (at most 30d)', read: secondsOf },
    { name: 'approve', field: 'needsApproval', kind: 'switch', about: 'an admin must accept each device that joins with it' },
    { name: 'qr', kind: 'switch', about: 'print the QR code; by default only on a terminal' },
  ],
  run: async (context) => {
    const client = await context.client();
    const made = await client.call('invite.create', checked('invite.create', context.input), context.world.interrupted);
    const { fingerprint } = await present(client, 'trust');
    context.show({ ...made, fingerprint }, `${made.link}\n${qrText(context, made.link)}${pairs([
      ['expires', `${moment(made.expiresAtMs)} (${fromNow(made.expiresAtMs, context.world.clock.nowMs())})`],
      ['fingerprint', fingerprint],
      ['invite', `${made.id}; "webmesh invite revoke ${made.id}" makes it useless`],
    ])}`);
    return exitCodes.ok;
  },
};

/** `webmesh invite` is what is wanted most of the time, so it needs no second word. */
const invite: Verb = { ...create, words: ['invite'] };

function qrText({ args, world: { screen } }: Context, link: string): string {
  const wanted = args.qr ?? screen.columns !== undefined;
  if (wanted !== true) return '';
  const code = qr(link, screen.colours);
  // A code that is broken into lines by the terminal helps nobody.
  if (screen.columns !== undefined && screen.columns < code.columns) return `(The QR code needs a terminal of ${code.columns} columns; this one has ${screen.columns}.)\n`;
  return code.text;
}

const list: Verb = {
  words: ['invite', 'list'],
  about: 'The invites of the network, and what became of each',
  run: async (context) => {
    const { invites } = await present(await context.client(), 'trust');
    const nowMs = context.world.clock.nowMs();
    const rows = invites.map((one) => [one.id, one.state, one.role, `${one.uses} of ${one.usesMax}`, fromNow(one.expiresAtMs, nowMs), one.needsApproval ? 'yes' : '', one.createdBy, one.note]);
    context.show(invites, table(['ID', 'STATE', 'AS', 'USED', 'EXPIRES', 'APPROVAL', 'MADE BY', 'NOTE'], rows));
    return exitCodes.ok;
  },
};

const revoke: Verb = {
  words: ['invite', 'revoke'],
  about: 'Make an invite useless; devices that joined with it stay',
  command: 'invite.revoke',
  positionals: [{ name: 'invite', field: 'id' }],
  run: async (context) => {
    const client = await context.client();
    const id = findInvite((await present(client, 'trust')).invites, String(context.args.invite));
    await client.call('invite.revoke', checked('invite.revoke', { id }), context.world.interrupted);
    context.show({ id }, `Invite ${id} is of no use any more.\n`);
    return exitCodes.ok;
  },
};

/** The shortest beginning of an id that is still one invite's own. What is not in the list is passed on as it is: the core knows more. */
function findInvite(invites: readonly InviteView[], wanted: string): string {
  const fits = wanted.length < 4 ? [] : invites.filter(({ id }) => id.startsWith(wanted));
  if (fits.length > 1) throw failure('input.invalid', { field: 'invite', problem: `${fits.length} invites begin with "${wanted}"` });
  return fits[0]?.id ?? wanted;
}

const dismiss: Verb = {
  words: ['invite', 'dismiss'],
  about: 'Put away the invite that waits for consent in the window',
  command: 'invite.dismiss',
  run: async (context) => {
    await (await context.client()).call('invite.dismiss', {}, context.world.interrupted);
    context.show({ dismissed: true }, 'Nothing was joined.\n');
    return exitCodes.ok;
  },
};

export const inviteVerbs: readonly Verb[] = [invite, create, show, list, revoke, dismiss];
