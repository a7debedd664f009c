import { unreachable } from '../../base/assert.ts';
import type { FailureCode } from '../../base/failure.ts';
import type { CommandName } from '../../contract/commands.ts';
import type { ProfileView, SessionTopic } from '../../contract/state.ts';
import { sentence, type Words } from '../words/say.ts';
import { t } from '../words/spoken.svelte.ts';
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
  /** What mends it better than the button, which is another try. */
  readonly cure: Action | null;
}

export interface Action {
  readonly label: string;
  readonly command: Extract<CommandName, 'session.connect' | 'session.disconnect' | 'session.retry' | 'profile.port'>;
  readonly leads: 'on' | 'off';
}


export function sessionView(session: SessionTopic, profile: ProfileView | undefined, nowMs: number): SessionView {
  const words = t.connect;
  const cancel: Action = { label: words.act.cancel, command: 'session.disconnect', leads: 'off' };
  const retry = (label: string): Action => ({ label, command: 'session.retry', leads: 'on' });
  const name = given(profile?.name ?? words.theNetwork);
  const bare = { aside: null, trouble: null, step: null, compare: false, newInvite: false, cure: null };
  switch (session.phase) {
    case 'disconnected':
      return { ...bare, tone: 'off', word: words.off.word, line: words.off.line(name), button: profile === undefined ? null : { label: words.act.connect, command: 'session.connect', leads: 'on' } };
    case 'authorising': case 'joining': case 'configuring':
      return { ...bare, tone: 'busy', word: words.connecting.word, line: stepLine(session.phase, profile), button: cancel, step: session.phase };
    case 'connected':
      return {
        ...bare, tone: session.degraded?.kind === 'control-plane-lost' ? 'frozen' : 'on', word: words.on.word,
        line: words.on.line(name, span(nowMs - session.sinceMs)), button: { label: words.act.disconnect, command: 'session.disconnect', leads: 'off' },
      };
    case 'reconnecting':
      if (session.cause.code === 'auth.pending') {
        return {
          ...bare, tone: 'busy', word: words.approval.word, line: words.approval.line(name), button: cancel, compare: true, trouble: sentence(session.cause),
          aside: session.retryAtMs === null ? null : retry(words.approval.again),
        };
      }
      return {
        ...bare, tone: 'busy', word: words.reconnecting.word, line: retryLine(session.retryAtMs, session.attempt, nowMs), button: cancel,
        aside: session.retryAtMs === null ? null : retry(words.reconnecting.tryNow), trouble: sentence(session.cause),
      };
    case 'disconnecting':
      return { ...bare, tone: 'busy', word: session.want === 'connected' ? words.disconnecting.again : words.disconnecting.word, line: words.disconnecting.line, button: null };
    case 'blocked':
      return {
        ...bare, tone: 'blocked', word: words.blocked.word, line: words.blocked.line(name), button: { label: words.blocked.again, command: 'session.connect', leads: 'on' },
        aside: { label: words.blocked.leave, command: 'session.disconnect', leads: 'off' }, trouble: sentence(session.failure),
        newInvite: needsInvite.has(session.failure.code),
        cure: session.failure.code === 'tunnel.port-in-use' ? { label: t.shared.health.fixes['other-port'], command: 'profile.port', leads: 'on' } : null,
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

export const steps: readonly Step[] = ['authorising', 'joining', 'configuring'];

function stepLine(step: Step, profile: ProfileView | undefined): string {
  const words = t.connect.connecting;
  const host = profile?.kind === 'host';
  if (step === 'authorising') return host ? words.startingHost : words.showing;
  if (step === 'joining') return host ? words.takingPart : words.asking(given(profile?.address ?? '', t.connect.theNetwork));
  return words.tunnel;
}

function retryLine(retryAtMs: number | null, attempt: number, nowMs: number): string {
  const words = t.connect.reconnecting;
  if (retryAtMs === null) return words.possible;
  const seconds = Math.ceil((retryAtMs - nowMs) / 1000);
  return seconds <= 0 ? words.now(attempt) : words.next(seconds, attempt);
}
