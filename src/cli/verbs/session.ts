import { withDeadline } from '../../base/abort.ts';
import { failure, fromData, isFailure, type FailureData } from '../../base/failure.ts';
import { type Client } from '../../contract/client.ts';
import { type SessionTopic } from '../../contract/state.ts';
import { firstWhere, present } from '../../contract/wait.ts';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import { findProfile } from '../profile-names.ts';
import { phrase } from '../session-words.ts';
import { type Flag } from '../flags.ts';
import { type Context, type Verb } from '../verb.ts';

const timeout: Flag = { name: 'timeout', kind: 'number', about: 'seconds to wait for the outcome' };
const noWait: Flag = { name: 'wait', kind: 'switch', about: 'wait for the outcome (the default); --no-wait returns at once' };
const helperSocket: Flag = { name: 'helper-socket', kind: 'text', about: "the privileged helper's socket, when the app has to be started" };

const up: Verb = {
  words: ['up'],
  about: 'Connect; starts the app in the background when none runs',
  command: 'session.connect',
  positionals: [{ name: 'profile', field: 'profile', optional: true }],
  flags: [timeout, noWait, helperSocket],
  run: async (context) => {
    const client = await context.home.startApp({ helperSocket: text(context.args['helper-socket']) });
    try {
      const profile = await profileFor(client, text(context.args.profile));
      const before = await present(client, 'session');
      await client.call('session.connect', { profile }, context.world.interrupted);
      if (context.args.wait === false) return shown(context, await present(client, 'session'), exitCodes.ok);
      // The epoch tells the session that answers from the one that was there before.
      const settled = (s: SessionTopic): boolean => s.profile === profile && (s.phase === 'connected' || (s.phase === 'blocked' && s.epoch !== before.epoch));
      const session = await outcome(context, client, settled, seconds(context, 60), 'connecting');
      return shown(context, session, session.phase === 'blocked' ? exitCodes.blocked : exitCodes.ok);
    } finally {
      client.close();
    }
  },
};

const down: Verb = {
  words: ['down'],
  about: 'Disconnect; the app goes on running',
  command: 'session.disconnect',
  flags: [timeout, noWait],
  run: async (context) => {
    const client = await context.client();
    await client.call('session.disconnect', {}, context.world.interrupted);
    if (context.args.wait === false) return shown(context, await present(client, 'session'), exitCodes.ok);
    const session = await outcome(context, client, (s) => s.phase === 'disconnected', seconds(context, 20), 'disconnecting');
    return shown(context, session, exitCodes.ok);
  },
};

const retry: Verb = {
  words: ['retry'],
  about: 'Try again now instead of waiting for the next attempt',
  command: 'session.retry',
  run: async (context) => {
    const client = await context.client();
    await client.call('session.retry', {}, context.world.interrupted);
    return shown(context, await present(client, 'session'), exitCodes.ok);
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

/** Waits for the session to get somewhere. A timeout tells what it was still trying. */
async function outcome(context: Context, client: Client, wanted: (session: SessionTopic) => boolean, waitMs: number, what: string): Promise<SessionTopic> {
  // Between two attempts the session says what went wrong; while it tries again it does not.
  let cause: FailureData | undefined;
  const look = (session: SessionTopic): boolean => {
    if (session.phase === 'reconnecting') cause = session.cause;
    return wanted(session);
  };
  try {
    return await withDeadline(context.world.clock, waitMs, what, context.world.interrupted, (signal) => firstWhere(client, 'session', look, signal));
  } catch (error) {
    throw isFailure(error) && error.code === 'mesh.timeout' && cause ? failure('mesh.timeout', error.detail, fromData(cause)) : error;
  }
}

async function profileFor(client: Client, wanted: string | undefined): Promise<string> {
  const profiles = await present(client, 'profiles');
  if (wanted !== undefined) return findProfile(profiles, wanted).id;
  const chosen = profiles.selected ?? profiles.list[0]?.id;
  if (chosen !== undefined) return chosen;
  throw failure('input.unknown-profile', { hint: 'create a network with "webmesh profile create NAME", or join one with "webmesh profile join ADDRESS"' });
}

function shown(context: Context, session: SessionTopic, code: ExitCode): ExitCode {
  context.show(session, `${phrase(session, context.world.clock.nowMs())}\n`);
  return code;
}

function seconds({ args }: Context, unless: number): number {
  const wanted = typeof args.timeout === 'number' ? args.timeout : unless;
  if (wanted <= 0 || wanted > 86_400) throw failure('input.invalid', { field: 'timeout', problem: 'between 1 and 86400 seconds' });
  return wanted * 1000;
}

function text(value: string | number | boolean | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
