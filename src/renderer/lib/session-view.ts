import { unreachable } from '../../base/assert.ts';
import type { FailureCode } from '../../base/failure.ts';
import type { CommandName } from '../../contract/commands.ts';
import type { ProfileView, SessionTopic } from '../../contract/state.ts';
import { sentence, type Words } from '../../contract/words.ts';
import { given, span } from './format.ts';

/** How the state looks: each tone has its own colour, shape and word, so none of them stands alone. */
export type Tone = 'off' | 'busy' | 'on' | 'frozen' | 'blocked';
export type Step = 'authorising' | 'joining' | 'configuring';

/** The connection as one person reads it. Follows from the session topic alone: what is not there is not shown. */
export interface SessionView {
  readonly tone: Tone;
  /** One or two words: what the state is. */
  readonly word: string;
  /** A line below it. */
  readonly line: string;
  readonly button: Action | null;
  /** A second, quieter way on, where there is one. */
  readonly aside: Action | null;
  readonly trouble: Words | null;
  readonly step: Step | null;
  /** This device waits until an admin has compared its fingerprint and accepted it. */
  readonly compare: boolean;
  /** The way on is another invite. */
  readonly newInvite: boolean;
}

export interface Action {
  readonly label: string;
  readonly command: Extract<CommandName, 'session.connect' | 'session.disconnect' | 'session.retry'>;
  readonly leads: 'on' | 'off';
}

const connect: Action = { label: 'Connect', command: 'session.connect', leads: 'on' };
const cancel: Action = { label: 'Cancel', command: 'session.disconnect', leads: 'off' };
const disconnect: Action = { label: 'Disconnect', command: 'session.disconnect', leads: 'off' };

export function sessionView(session: SessionTopic, profile: ProfileView | undefined, nowMs: number): SessionView {
  const name = given(profile?.name ?? 'the network');
  const bare = { aside: null, trouble: null, step: null, compare: false, newInvite: false };
  switch (session.phase) {
    case 'disconnected':
      return { ...bare, tone: 'off', word: 'Not connected', line: `${name} is off. The rest of your traffic is not touched.`, button: profile === undefined ? null : connect };
    case 'authorising': case 'joining': case 'configuring':
      return { ...bare, tone: 'busy', word: 'Connecting', line: stepLine(session.phase, profile), button: cancel, step: session.phase };
    case 'connected':
      return {
        ...bare, tone: session.degraded?.kind === 'control-plane-lost' ? 'frozen' : 'on', word: 'Connected',
        line: `to ${name} for ${span(nowMs - session.sinceMs)}`, button: disconnect,
      };
    case 'reconnecting':
      if (session.cause.code === 'auth.pending') {
        return {
          ...bare, tone: 'busy', word: 'Waiting for approval', line: `An admin of ${name} must accept this device.`, button: cancel, compare: true, trouble: sentence(session.cause),
          aside: session.retryAtMs === null ? null : { label: 'Ask again now', command: 'session.retry', leads: 'on' },
        };
      }
      return {
        ...bare, tone: 'busy', word: 'Reconnecting', line: retryLine(session.retryAtMs, session.attempt, nowMs), button: cancel,
        aside: session.retryAtMs === null ? null : { label: 'Try now', command: 'session.retry', leads: 'on' }, trouble: sentence(session.cause),
      };
    case 'disconnecting':
      return { ...bare, tone: 'busy', word: session.want === 'connected' ? 'Starting again' : 'Disconnecting', line: 'Taking the tunnel down and putting everything back.', button: null };
    case 'blocked':
      return {
        ...bare, tone: 'blocked', word: 'Cannot connect', line: `${name} needs your help.`, button: { label: 'Try again', command: 'session.connect', leads: 'on' },
        aside: { label: 'Leave it off', command: 'session.disconnect', leads: 'off' }, trouble: sentence(session.failure),
        newInvite: needsInvite.has(session.failure.code),
      };
    default:
      return unreachable(session);
  }
}

/** Refusals that no further try mends; another invite does. */
const needsInvite: ReadonlySet<FailureCode> = new Set(['auth.revoked', 'auth.expired', 'auth.invite-invalid', 'auth.invite-expired', 'auth.invite-used', 'auth.wrong-mesh', 'internal.secrets'] satisfies FailureCode[]);

/** The key's fingerprint, when the answer that made us wait carried it. */
export function keyInFailure(session: SessionTopic | null): string | null {
  const said = session?.phase === 'reconnecting' ? session.cause.detail['fingerprint'] : undefined;
  return typeof said === 'string' ? said : null;
}

export const steps: readonly { readonly step: Step; readonly label: string }[] = [
  { step: 'authorising', label: 'Get ready' }, { step: 'joining', label: 'Join' }, { step: 'configuring', label: 'Open the tunnel' },
];

function stepLine(step: Step, profile: ProfileView | undefined): string {
  const host = profile?.kind === 'host';
  if (step === 'authorising') return host ? 'Starting this network on this device.' : 'Showing the network who this device is.';
  if (step === 'joining') return host ? 'Taking part in the network.' : `Asking ${given(profile?.address ?? '', 'the network')} to let this device in.`;
  return 'Setting up the encrypted tunnel.';
}

function retryLine(retryAtMs: number | null, attempt: number, nowMs: number): string {
  if (retryAtMs === null) return 'Waiting until this is possible again.';
  const seconds = Math.ceil((retryAtMs - nowMs) / 1000);
  return seconds <= 0 ? `Trying again now (attempt ${attempt}).` : `Next try in ${seconds} s (attempt ${attempt}).`;
}
