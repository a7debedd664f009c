import type { Cancel, Clock } from '../../base/clock.ts';
import { failure } from '../../base/failure.ts';
import { attach, type Client, type Port } from '../../contract/client.ts';
import { topicNames, type AppState, type TopicName } from '../../contract/state.ts';

/** `connecting` until the first topic arrives, `lost` while a link that was live is being opened again. */
export type Link = 'connecting' | 'live' | 'lost';

export interface ClientEvents {
  link(link: Link): void;
  topic<K extends TopicName>(name: K, value: AppState[K]): void;
}

/** One lasting client over ports that come and go. */
export interface AppClient {
  readonly call: Client['call'];
  close(): void;
}

const firstDelayMs = 500;
const delayMsMax = 3000;

/** Opens ports, one after the other, until closed. Calls made while there is none fail with app.not-running. */
export function openClient(open: () => Port, clock: Clock, events: ClientEvents): AppClient {
  let client: Client | undefined;
  let link: Link = 'connecting';
  let delayMs = firstDelayMs;
  let stopWaiting: Cancel = () => {};
  let ended = false;

  const setLink = (next: Link): void => {
    if (next === link) return;
    link = next;
    events.link(next);
  };
  const receive = <K extends TopicName>(name: K, value: AppState[K]): void => {
    delayMs = firstDelayMs;
    setLink('live');
    events.topic(name, value);
  };
  const start = (): void => {
    const attached = attach(open());
    client = attached;
    for (const name of topicNames) attached.watch(name, (value) => receive(name, value));
    attached.onClose(() => {
      if (ended || client !== attached) return;
      client = undefined;
      if (link === 'live') setLink('lost');
      stopWaiting = clock.after(delayMs, start);
      delayMs = Math.min(delayMs * 1.6, delayMsMax);
    });
  };
  start();

  return {
    call: (name, input, signal) => client?.call(name, input, signal) ?? Promise.reject(failure('app.not-running')),
    close: () => {
      ended = true;
      stopWaiting();
      client?.close();
    },
  };
}
