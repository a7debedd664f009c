import { unreachable } from '../base/assert.ts';
import { type ProfileView, type SessionTopic } from '../contract/state.ts';
import { sentence } from '../contract/words.ts';
import { duration, plain, table } from './format.ts';

/** The session in one or two sentences, as `up` and `status` print it. */
export function phrase(session: SessionTopic, nowMs: number): string {
  switch (session.phase) {
    case 'disconnected':
      return 'Disconnected.';
    case 'authorising':
      return 'Connecting: asking to be let in.';
    case 'joining':
      return 'Connecting: joining the network.';
    case 'configuring':
      return 'Connecting: setting up the tunnel.';
    case 'connected':
      return `Connected for ${duration(nowMs - session.sinceMs)}${degradation(session)}`;
    case 'reconnecting': {
      const when = session.retryAtMs === null ? '' : ` Next attempt in ${duration(session.retryAtMs - nowMs)}.`;
      return `Reconnecting (attempt ${session.attempt}). ${words(session.cause)}${when}`;
    }
    case 'disconnecting':
      return 'Disconnecting.';
    case 'blocked':
      return `Blocked. ${words(session.failure)}`;
    default:
      return unreachable(session);
  }
}

/** Every network in a line. */
export function standings(list: readonly ProfileView[], nowMs: number): string {
  return table(['NETWORK', 'STATE', 'INTERFACE', 'NAMES END IN'], list.map((profile) => [profile.name, standingWord(profile, nowMs), profile.session.interfaceName ?? '', profile.suffix]));
}

export function standingWord({ session: { phase, sinceMs, degraded, why } }: Pick<ProfileView, 'session'>, nowMs: number): string {
  const frozen = degraded === 'control-plane-lost' ? ', changes are frozen' : '';
  return `${phase}${phase === 'connected' && sinceMs !== null ? ` for ${duration(nowMs - sinceMs)}${frozen}` : ''}${why === null ? '' : `: ${sentence(why).what}`}`;
}

function degradation({ degraded }: Extract<SessionTopic, { phase: 'connected' }>): string {
  if (degraded === null) return '.';
  return degraded.kind === 'polling' ? '; this network does not replicate to us, so it is asked every few seconds.' : '; changes are frozen, traffic is fine.';
}

function words(failure: Parameters<typeof sentence>[0]): string {
  const { what, next } = sentence(failure);
  const { fingerprint } = failure.detail;
  return `${what} ${next}${failure.code === 'auth.pending' && typeof fingerprint === 'string' ? ` It is ${plain(fingerprint)}.` : ''}`;
}
