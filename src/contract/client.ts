import { failure, fromData, type FailureData } from '../base/failure.ts';
// Only types: a shell's page attaches without loading the schemas, which the serving side needs.
import type { CommandName, Input, Output } from './commands.ts';
import type { AppState, TopicName } from './state.ts';

/** Any two-way pipe of JSON values: Electron's IPC, a WebSocket, a unix socket, two functions in a test. */
export interface Port {
  send(message: unknown): void;
  onMessage(receive: (message: unknown) => void): void;
  onClose(closed: () => void): void;
  close(): void;
}

/** The whole protocol. Ids are chosen by the caller and mean nothing to the other side. */
export type Request =
  | { readonly kind: 'call'; readonly id: number; readonly name: string; readonly input: unknown }
  | { readonly kind: 'cancel'; readonly id: number };
export type Answer =
  | { readonly kind: 'reply'; readonly id: number; readonly ok: true; readonly value: unknown }
  | { readonly kind: 'reply'; readonly id: number; readonly ok: false; readonly failure: FailureData }
  | { readonly kind: 'topic'; readonly name: TopicName; readonly value: unknown };

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
  let nextId = 1;
  let closed = false;
  port.onMessage((message) => {
    if (typeof message !== 'object' || message === null) return;
    const answer = message as Answer;
    if (answer.kind === 'topic') {
      latest.set(answer.name, answer.value);
      for (const see of [...(watchers.get(answer.name) ?? [])]) see(answer.value as never);
    } else if (answer.kind === 'reply') {
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

function reasonOf(signal: AbortSignal): Error {
  return signal.reason instanceof Error ? signal.reason : new DOMException('cancelled', 'AbortError');
}
