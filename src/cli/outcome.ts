import { withDeadline } from '../base/abort.ts';
import { failure, fromData, isFailure, type FailureData } from '../base/failure.ts';
import { type Client } from '../contract/client.ts';
import { type SessionTopic } from '../contract/state.ts';
import { firstWhere, present } from '../contract/wait.ts';
import { sentence } from '../contract/words.ts';
import { exitCodes, type ExitCode } from './exit-codes.ts';
import { type Flag } from './flags.ts';
import { plain } from './format.ts';
import { networkClient } from './network-client.ts';
import { phrase } from './session-words.ts';
import { type Context } from './verb.ts';

export const timeout: Flag = { name: 'timeout', kind: 'number', about: 'seconds to wait for the outcome' };
export const noWait: Flag = { name: 'wait', kind: 'switch', about: 'wait for the outcome (the default); --no-wait returns at once' };
export const helperSocket: Flag = { name: 'helper-socket', kind: 'text', about: "the privileged helper's socket, when the app has to be started" };

/** Connects with a profile, waits for what comes of it, shows it and answers its exit code. */
export async function connectAndShow(context: Context, app: Client, profile: string, secondsUnless: number): Promise<ExitCode> {
  const client = networkClient(app, context.world.clock, profile);
  const before = await present(client, 'session');
  const waitMs = seconds(context, secondsUnless);
  await client.call('session.connect', { profile }, context.world.interrupted);
  if (context.args.wait === false) return showSession(context, await present(client, 'session'), exitCodes.ok);
  // The epoch tells the session that answers from the one that was there before.
  const settled = (s: SessionTopic): boolean => s.profile === profile && (s.phase === 'connected' || (s.phase === 'blocked' && s.epoch !== before.epoch));
  const session = await outcome(context, client, settled, waitMs, 'connecting');
  return showSession(context, session, session.phase === 'blocked' ? exitCodes.blocked : exitCodes.ok);
}

/** Waits for the session to get somewhere. A timeout tells what it was still trying; a wait for an admin is told at once. */
export async function outcome(context: Context, client: Client, wanted: (session: SessionTopic) => boolean, waitMs: number, what: string): Promise<SessionTopic> {
  // Between two attempts the session says what went wrong; while it tries again it does not.
  let cause: FailureData | undefined;
  const look = (session: SessionTopic): boolean => {
    if (session.phase === 'reconnecting') {
      if (session.cause.code === 'auth.pending' && cause?.code !== 'auth.pending') tellPending(context, session.cause);
      cause = session.cause;
    }
    return wanted(session);
  };
  try {
    return await withDeadline(context.world.clock, waitMs, what, context.world.interrupted, (signal) => firstWhere(client, 'session', look, signal));
  } catch (error) {
    throw isFailure(error) && error.code === 'mesh.timeout' && cause ? failure('mesh.timeout', error.detail, fromData(cause)) : error;
  }
}

/** What both people compare goes to the side, so that what a script reads stays one value. */
function tellPending({ world }: Context, cause: FailureData): void {
  const { what, next } = sentence(cause);
  const { fingerprint } = cause.detail;
  world.complain(`${what} ${next}\n${typeof fingerprint === 'string' ? `Fingerprint of this device: ${plain(fingerprint)}\n` : ''}`);
}

export function showSession(context: Context, session: SessionTopic, code: ExitCode): ExitCode {
  context.show(session, `${phrase(session, context.world.clock.nowMs())}\n`);
  return code;
}

export function seconds({ args }: Pick<Context, 'args'>, unless: number): number {
  const wanted = typeof args.timeout === 'number' ? args.timeout : unless;
  if (wanted <= 0 || wanted > 86_400) throw failure('input.invalid', { field: 'timeout', problem: 'between 1 and 86400 seconds' });
  return wanted * 1000;
}

export function text(value: string | number | boolean | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
