import { failure, fromData, type FailureData } from '../base/failure.ts';
// Only types: a shell's page attaches without loading the schemas, which the serving side needs.
import type { CommandName, Input, Output } from './commands.ts';
import { changed, isRowTopic, type RowsChange, type RowTopicName } from './rows.ts';
import type { AppState, TopicName } from './state.ts';

/** Any two-way pipe of JSON values: Electron's IPC, a WebSocket, a unix socket, two functions in a test. */
export interface Port {
  send(message: unknown): void;
  onMessage(receive: (message: unknown) => void): void;
  onClose(closed: () => void): void;
  close(): void;
}

/**
 * The whole protocol. Ids are chosen by the caller and mean nothing to the other side. `rows` says that the value with this serial number is held, and
 * that changes of rows are enough from there on: an end that never says so, of an older version say, is sent whole values.
 */
export type Request =
  | { readonly kind: 'call'; readonly id: number; readonly name: string; readonly input: unknown }
  | { readonly kind: 'cancel'; readonly id: number }
  | { readonly kind: 'rows'; readonly name: RowTopicName; readonly have: number };
export type Answer =
  | { readonly kind: 'reply'; readonly id: number; readonly ok: true; readonly value: unknown }
  | { readonly kind: 'reply'; readonly id: number; readonly ok: false; readonly failure: FailureData }
  | { readonly kind: 'topic'; readonly name: TopicName; readonly value: unknown; readonly serial?: number }
  /** Leads from the value before to the one with this serial number. */
  | { readonly kind: 'change'; readonly name: RowTopicName; readonly serial: number; readonly change: RowsChange };

export interface Client {
  call<K extends CommandName>(name: K, input: Input<K>, signal?: AbortSignal): Promise<Output<K>>;
  /** Calls `see` with the present value, when one arrived already, and with each new one. Returns what ends it. */
  watch<K extends TopicName>(name: K, see: (value: AppState[K]) => void): () => void;
  onClose(closed: () => void): void;
  close(): void;
}

/** The other end: calls commands and remembers the newest value of each topic. */
export function attach(port: Port): Client {
  const waiting = new Map<number, { resolve: (value: never) => void; reject: (error: Error) => void }>();
  const latest = new Map<TopicName, unknown>();
  const watchers = new Map<TopicName, Set<(value: never) => void>>();
  const closers = new Set<() => void>();
  /** Serial numbers of the values of row topics that are held. */
  const held = new Map<RowTopicName, number>();
  let nextId = 1;
  let closed = false;

  function hold(name: TopicName, value: unknown): void {
    latest.set(name, value);
    for (const see of [...(watchers.get(name) ?? [])]) see(value as never);
  }

  /** The first whole value of a row topic is answered: from here on changes will do. */
  function whole({ name, value, serial }: Extract<Answer, { kind: 'topic' }>): void {
    if (isRowTopic(name) && typeof serial === 'number') {
      if (!held.has(name)) port.send({ kind: 'rows', name, have: serial } satisfies Request);
      held.set(name, serial);
    }
    hold(name, value);
  }

  /** A change that does not fit is answered with what is held; the whole value follows, and what comes before it is not looked at. */
  function part({ name, serial, change }: Extract<Answer, { kind: 'change' }>): void {
    if (!isRowTopic(name)) return;
    const have = held.get(name);
    if (have === undefined || have === lost) return;
    const next = serial === have + 1 ? changed(name, latest.get(name), change) : undefined;
    held.set(name, next === undefined ? lost : serial);
    if (next === undefined) port.send({ kind: 'rows', name, have: lost } satisfies Request);
    else hold(name, next);
  }

  port.onMessage((message) => {
    if (typeof message !== 'object' || message === null) return;
    const answer = message as Answer;
    if (answer.kind === 'topic') whole(answer);
    else if (answer.kind === 'change') part(answer);
    else if (answer.kind === 'reply') {
      const call = waiting.get(answer.id);
      waiting.delete(answer.id);
      if (answer.ok) call?.resolve(answer.value as never);
      else call?.reject(fromData(answer.failure));
    }
  });
  port.onClose(() => {
    closed = true;
    for (const { reject } of waiting.values()) reject(failure('app.not-running'));
    waiting.clear();
    for (const tell of closers) tell();
  });
  return {
    call: (name, input, signal) =>
      new Promise((resolve, reject) => {
        if (closed) return reject(failure('app.not-running'));
        if (signal?.aborted) return reject(reasonOf(signal));
        const id = nextId++;
        waiting.set(id, { resolve, reject });
        signal?.addEventListener('abort', () => {
          if (!waiting.delete(id)) return;
          port.send({ kind: 'cancel', id } satisfies Request);
          reject(reasonOf(signal));
        }, { once: true });
        port.send({ kind: 'call', id, name, input } satisfies Request);
      }),
    watch: (name, see) => {
      const set = watchers.get(name) ?? new Set();
      watchers.set(name, set);
      set.add(see as (value: never) => void);
      if (latest.has(name)) see(latest.get(name) as never);
      return () => set.delete(see as (value: never) => void);
    },
    onClose: (tell) => closers.add(tell),
    close: () => port.close(),
  };
}

/** No value has this serial number. */
const lost = -1;

function reasonOf(signal: AbortSignal): Error {
  return signal.reason instanceof Error ? signal.reason : new DOMException('cancelled', 'AbortError');
}
