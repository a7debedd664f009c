import { withDeadline } from '../../base/abort.ts';
import { failure, isFailure } from '../../base/failure.ts';
import { type Client } from '../../contract/client.ts';
import { type ProfilesTopic } from '../../contract/state.ts';
import { firstWhere, present } from '../../contract/wait.ts';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import { networkClient } from '../network-client.ts';
import { connectAndShow, helperSocket, noWait, outcome, seconds, showSession, text, timeout } from '../outcome.ts';
import { findProfile } from '../profile-names.ts';
import { standings } from '../session-words.ts';
import { type Context, type Verb } from '../verb.ts';

const up: Verb = {
  words: ['up'],
  about: 'Connect; starts the app in the background when none runs',
  command: 'session.connect',
  positionals: [{ name: 'profile', field: 'profile', optional: true }],
  flags: [timeout, noWait, helperSocket],
  run: async (context) => {
    const client = await context.home.startApp({ helperSocket: text(context.args['helper-socket']) });
    try {
      return await connectAndShow(context, client, await profileFor(client, text(context.args.profile) ?? context.network), 60);
    } finally {
      client.close();
    }
  },
};

const down: Verb = {
  words: ['down'],
  about: 'Disconnect a network, or with --all every one; the app goes on running',
  command: 'session.disconnect',
  positionals: [{ name: 'profile', field: 'profile', optional: true }],
  flags: [timeout, noWait],
  run: async (context) => {
    if (context.args.all === true) return downAll(context);
    const app = await context.client();
    const named = text(context.args.profile);
    const id = named === undefined ? undefined : findProfile(await present(app, 'profiles'), named).id;
    const client = id === undefined ? app : networkClient(app, context.world.clock, id);
    await client.call('session.disconnect', {}, context.world.interrupted);
    if (context.args.wait === false) return showSession(context, await present(client, 'session'), exitCodes.ok);
    const session = await outcome(context, client, (s) => s.phase === 'disconnected', seconds(context, 20), 'disconnecting');
    return showSession(context, session, exitCodes.ok);
  },
};

async function downAll(context: Context): Promise<ExitCode> {
  const client = await context.client();
  const { interrupted, clock } = context.world;
  await client.call('session.disconnect', { all: true }, interrupted);
  const off = ({ list }: ProfilesTopic): boolean => list.every(({ session: { phase } }) => phase === 'disconnected' || phase === 'blocked');
  if (context.args.wait !== false) await withDeadline(clock, seconds(context, 20), 'disconnecting', interrupted, (signal) => firstWhere(client, 'profiles', off, signal));
  const { list } = await present(client, 'profiles');
  context.show({ networks: list }, standings(list, clock.nowMs()));
  return exitCodes.ok;
}

const retry: Verb = {
  words: ['retry'],
  about: 'Try again now instead of waiting for the next attempt',
  command: 'session.retry',
  run: async (context) => {
    const client = await context.client();
    await client.call('session.retry', {}, context.world.interrupted);
    return showSession(context, await present(client, 'session'), exitCodes.ok);
  },
};

const quit: Verb = {
  words: ['quit'],
  about: 'Disconnect and end the app',
  command: 'app.quit',
  run: async (context) => {
    const client = await context.client();
    const gone = new Promise<void>((resolve) => client.onClose(resolve));
    const asked = client.call('app.quit', {}, context.world.interrupted).catch((error: unknown) => {
      if (!isFailure(error) || error.code !== 'app.not-running') throw error; // it ended before it could answer
    });
    await withDeadline(context.world.clock, 20_000, 'ending the app', context.world.interrupted, () => asked.then(() => gone));
    context.show({ ended: true }, 'The app has ended.\n');
    return exitCodes.ok;
  },
};

export const sessionVerbs: readonly Verb[] = [up, down, retry, quit];

async function profileFor(client: Client, wanted: string | undefined): Promise<string> {
  const profiles = await present(client, 'profiles');
  if (wanted !== undefined) return findProfile(profiles, wanted).id;
  const chosen = profiles.selected ?? profiles.list[0]?.id;
  if (chosen !== undefined) return chosen;
  throw failure('input.unknown-profile', { hint: 'create a network with "webmesh profile create NAME", or join one with "webmesh join LINK"' });
}
