import { failure } from '../../base/failure.ts';
import { type Client } from '../../contract/client.ts';
import { type Input } from '../../contract/commands.ts';
import { type Invitation } from '../../contract/state.ts';
import { clearText, red } from '../colours.ts';
import { consent, yes } from '../consent.ts';
import { fromNow, moment } from '../dates.ts';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import { pairs } from '../format.ts';
import { checked } from '../input.ts';
import { inviteText, looksLikeInvite } from '../invite-source.ts';
import { connectAndShow, helperSocket, noWait, text, timeout } from '../outcome.ts';
import { type Context, type Verb } from '../verb.ts';

/** A person may have to accept the device first, and people take longer than machines. */
const waitSeconds = { machine: 60, person: 600 } as const;

export const join: Verb = {
  words: ['join'],
  about: 'Join a network with an invite: its link, its file, or - for standard input',
  command: 'invite.redeem',
  positionals: [{ name: 'invite' }],
  without: ['link'],
  flags: [
    yes, timeout, noWait, helperSocket,
    { name: 'insecure', kind: 'switch', about: 'join an old network in clear text, by the address of one of its nodes instead of an invite' },
  ],
  run: async (context) => {
    const source = String(context.args.invite);
    if (context.args.insecure === true) return withClient(context, (client) => joinOld(context, client, source));
    const link = await readInvite(context, source);
    return withClient(context, (client) => joinByInvite(context, client, link));
  },
};

export const show: Verb = {
  words: ['invite', 'show'],
  about: 'Read what an invite says, without using it',
  command: 'invite.inspect',
  positionals: [{ name: 'invite' }],
  without: ['link'],
  run: async (context) => {
    const link = await inviteText(String(context.args.invite), context.world);
    const { invitation } = await (await context.client()).call('invite.inspect', checked('invite.inspect', { link }), context.world.interrupted);
    context.show(invitation, invitationText(invitation, context.world.clock.nowMs()));
    return exitCodes.ok;
  },
};

/** Adds an old network. Clear text is never a fallback: it must be asked for by name, and is said in red. */
export async function addOld(context: Context, client: Client, address: string): Promise<string> {
  if (context.args.insecure !== true) throw mustBeAskedFor(address);
  const { link: _link, ...rest } = context.input;
  const { profile } = await client.call('mesh.join', checked('mesh.join', { ...rest, address, insecure: true }), context.world.interrupted);
  context.world.complain(`${red(clearText, context.world)}\n`);
  return profile;
}

/** The one sentence for an address without the word that makes it one. */
function mustBeAskedFor(address: string): Error {
  return failure('input.invalid', { field: 'insecure', problem: `"${address.slice(0, 100)}" is no invite, and an old network is joined by its address only in clear text, which must be asked for by name: add --insecure` });
}

async function readInvite({ world }: Context, source: string): Promise<string> {
  try {
    return await inviteText(source, world);
  } catch (error) {
    if (looksLikeInvite(source)) throw error;
    throw mustBeAskedFor(source);
  }
}

async function withClient(context: Context, use: (client: Client) => Promise<ExitCode>): Promise<ExitCode> {
  const client = await context.home.startApp({ helperSocket: text(context.args['helper-socket']) });
  try {
    return await use(client);
  } finally {
    client.close();
  }
}

async function joinOld(context: Context, client: Client, address: string): Promise<ExitCode> {
  return connectAndShow(context, client, await addOld(context, client, address), waitSeconds.machine);
}

async function joinByInvite(context: Context, client: Client, link: string): Promise<ExitCode> {
  const { world } = context;
  const input = checked('invite.redeem', { ...context.input, link });
  const { invitation } = await client.call('invite.inspect', { link }, world.interrupted);
  world.complain(invitationText(invitation, world.clock.nowMs()));
  if (invitation.expired) throw failure('auth.invite-expired');
  if (!(await consent(context, 'Join this network?'))) {
    world.complain('Nothing was joined.\n');
    return exitCodes.failed;
  }
  const { profile } = await client.call('invite.redeem', input as Input<'invite.redeem'>, world.interrupted);
  return connectAndShow(context, client, profile, invitation.needsApproval ? waitSeconds.person : waitSeconds.machine);
}

/** What a person must see before saying yes. The names are only claimed by the invite; the fingerprint is checked when it is used. */
function invitationText(invitation: Invitation, nowMs: number): string {
  const { networkName, invitedBy, role, fingerprint, expiresAtMs, expired, needsApproval, addresses, known } = invitation;
  return pairs([
    ['network', networkName],
    ['invited by', invitedBy],
    ['as', role],
    ['fingerprint', fingerprint],
    ['expires', `${moment(expiresAtMs)} (${expired ? 'too old: ' : ''}${fromNow(expiresAtMs, nowMs)})`],
    ['approval', needsApproval ? 'an admin must accept this device first' : null],
    ['reached at', addresses.join(', ')],
    ['note', known === null ? null : `this machine is in this network already, as "${known}"`],
  ]);
}
