import type { WebContents } from 'electron';
import { type Clock } from '../base/clock.ts';
import { channel } from './ipc.ts';

/** A page that does not answer by then holds nothing that could still be used. */
const answerMs = 1_000;

/** Asks pages whether something was typed or opened in them that would be lost. Nothing but true counts: it only keeps a window alive. */
export interface UnfinishedQuestion {
  ask(contents: Pick<WebContents, 'id' | 'send'>): Promise<boolean>;
  /** True when the message was an answer to this question, asked or not. */
  hear(sender: number, message: unknown): boolean;
}

export function createUnfinishedQuestion(clock: Pick<Clock, 'after'>): UnfinishedQuestion {
  const asked = new Map<number, (holds: boolean) => void>();
  return {
    ask: (contents) => new Promise((resolve) => {
      const settle = (holds: boolean): void => {
        cancel();
        if (asked.get(contents.id) === settle) asked.delete(contents.id);
        resolve(holds);
      };
      const cancel = clock.after(answerMs, () => settle(false));
      asked.get(contents.id)?.(false);
      asked.set(contents.id, settle);
      contents.send(channel, { kind: 'unfinished?' });
    }),
    hear: (sender, message) => {
      if (typeof message !== 'object' || message === null || !('kind' in message) || message.kind !== 'unfinished') return false;
      asked.get(sender)?.('holds' in message && message.holds === true);
      return true;
    },
  };
}
