import { type SessionTopic } from '../contract/state.ts';
import { sentence } from '../contract/words.ts';

export interface Notice {
  readonly title: string;
  readonly body: string;
}

/** What a person should hear of while the window is out of sight: only what changed for them, and each thing once. */
export function noticeOf(before: SessionTopic | undefined, now: SessionTopic): Notice | undefined {
  if (before === undefined) return undefined;
  if (now.phase === 'blocked' && before.phase !== 'blocked') {
    const { what, next } = sentence(now.failure);
    return { title: 'Webmesh cannot connect', body: `${what} ${next}` };
  }
  if (now.phase === 'reconnecting' && before.phase === 'connected') return { title: 'Webmesh lost the connection', body: `${sentence(now.cause).what} It is being restored.` };
  if (now.phase === 'connected' && before.phase === 'reconnecting') return { title: 'Webmesh is connected again', body: 'Your devices can reach each other.' };
  return undefined;
}
