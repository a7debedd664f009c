import { type Change, type Message, type Unanswered } from '../../raft/types.ts';
import { type Outcome, type Waiter } from './proposals.ts';

/** Everything that can happen to the driver between two turns. */
export type DriverEvent =
  | { readonly kind: 'tick' }
  | { readonly kind: 'message'; readonly message: Message; readonly bytes: Uint8Array | null }
  | { readonly kind: 'unanswered'; readonly request: Unanswered }
  | { readonly kind: 'expect'; readonly id: string }
  | { readonly kind: 'propose'; readonly data: Uint8Array; readonly waiter: Waiter<Outcome> }
  | { readonly kind: 'change'; readonly change: Change; readonly waiter: Waiter<Outcome> }
  | { readonly kind: 'read'; readonly waiter: Waiter<void> }
  | { readonly kind: 'transfer'; readonly waiter: Waiter<void> };

/**
 * What waits for the next turn. Requests of other members are dropped past the limit, as a network may; answers never are, because
 * the core waits for them and the transport bounds them; what our own callers ask is admitted by the driver.
 */
export interface Mailbox {
  /** How many of our own callers wait in it. */
  readonly asked: number;
  /** False when it was dropped. */
  add(event: DriverEvent): boolean;
  /** Everything, in the order of arrival. */
  take(): readonly DriverEvent[];
  failAll(error: unknown): void;
}

export function createMailbox(requestsMax: number): Mailbox {
  let events: DriverEvent[] = [];
  let [asked, requests] = [0, 0];
  return {
    get asked() { return asked; },
    add: (event) => {
      if (event.kind === 'message' && isRequest(event.message)) {
        if (requests >= requestsMax) return false;
        requests++;
      }
      if ('waiter' in event) asked++;
      events.push(event);
      return true;
    },
    take: () => {
      const taken = events;
      events = [];
      [asked, requests] = [0, 0];
      return taken;
    },
    failAll: (error) => {
      for (const event of events) if ('waiter' in event) event.waiter.reject(error);
      events = [];
    },
  };
}

function isRequest({ kind }: Message): boolean {
  return kind === 'append' || kind === 'heartbeat' || kind === 'vote' || kind === 'snapshot' || kind === 'timeout-now';
}
