import { asFailure, failure, fromData, toData, type FailureData } from '../base/failure.ts';
import { type ReadCell } from '../base/cell.ts';
import { commands, isCommandName, type CommandName, type Handlers, type Input, type Output } from './commands.ts';
import { topicNames, type AppState, type TopicName } from './state.ts';

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

export type Topics = { readonly [K in TopicName]: ReadCell<AppState[K]> };

export interface Client {
  call<K extends CommandName>(name: K, input: Input<K>, signal?: AbortSignal): Promise<Output<K>>;
  /** Calls `see` with the present value, when one arrived already, and with each new one. Returns what ends it. */
  watch<K extends TopicName>(name: K, see: (value: AppState[K]) => void): () => void;
  onClose(closed: () => void): void;
  close(): void;
}

/** Limits for a port whose other end is hostile. */
export const limits = { callsAtOnce: 64 } as const;

/** Serves the core on one port: parses every call with its row, answers a value or a failure, sends each topic at once. */
export function serve(port: Port, handlers: Handlers, topics: Topics): void {
  const running = new Map<number, AbortController>();
  const stops = topicNames.map((name) => {
    const publish = (value: unknown): void => port.send({ kind: 'topic', name, value } satisfies Answer);
    publish(topics[name].get());
    return topics[name].subscribe(publish);
  });
  port.onMessage((message) => {
    const request = parseRequest(message);
    if (request === undefined) return;
    if (request.kind === 'cancel') return running.get(request.id)?.abort();
    void answer(request);
  });
  port.onClose(() => {
    for (const stop of stops) stop();
    for (const controller of running.values()) controller.abort();
  });

  async function answer({ id, name, input }: Extract<Request, { kind: 'call' }>): Promise<void> {
    const controller = new AbortController();
    try {
      if (running.size >= limits.callsAtOnce || running.has(id)) throw failure('app.busy', { calls: running.size });
      running.set(id, controller);
      const value = await run(handlers, name, input, controller.signal);
      port.send({ kind: 'reply', id, ok: true, value } satisfies Answer);
    } catch (error) {
      port.send({ kind: 'reply', id, ok: false, failure: toData(asFailure(error)) } satisfies Answer);
    } finally {
      if (running.get(id) === controller) running.delete(id);
    }
  }
}

/** Parses the input with the row's schema and runs the row's handler. */
export async function run(handlers: Handlers, name: string, input: unknown, signal: AbortSignal): Promise<unknown> {
  if (!isCommandName(name)) throw failure('input.unknown-command', { name: String(name).slice(0, 64) });
  const parsed = commands[name].input.safeParse(input ?? {});
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw failure('input.invalid', { field: issue?.path.join('.') ?? '', problem: issue?.message ?? 'invalid' });
  }
  const handler = handlers[name] as (input: unknown, signal: AbortSignal) => Promise<unknown>;
  return handler(parsed.data, signal);
}

/** The other end: calls commands and remembers the newest value of each topic. */
export function attach(port: Port): Client {
  const waiting = new Map<number, { resolve: (value: never) => void; reject: (error: Error) => void }>();
  const latest: Partial<Record<TopicName, unknown>> = {};
  const watchers = new Map<TopicName, Set<(value: never) => void>>();
  const closers = new Set<() => void>();
  let nextId = 1;
  let closed = false;
  port.onMessage((message) => {
    const answer = message as Answer;
    if (answer.kind === 'topic') {
      latest[answer.name] = answer.value;
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
        const id = nextId++;
        waiting.set(id, { resolve, reject });
        signal?.addEventListener('abort', () => {
          if (!waiting.delete(id)) return;
          port.send({ kind: 'cancel', id } satisfies Request);
          reject(signal.reason instanceof Error ? signal.reason : new DOMException('cancelled', 'AbortError'));
        }, { once: true });
        port.send({ kind: 'call', id, name, input } satisfies Request);
      }),
    watch: (name, see) => {
      const set = watchers.get(name) ?? new Set();
      watchers.set(name, set);
      set.add(see as (value: never) => void);
      if (name in latest) see(latest[name] as never);
      return () => set.delete(see as (value: never) => void);
    },
    onClose: (tell) => closers.add(tell),
    close: () => port.close(),
  };
}

function parseRequest(message: unknown): Request | undefined {
  if (typeof message !== 'object' || message === null || !('kind' in message) || !('id' in message)) return undefined;
  if (typeof message.id !== 'number' || !Number.isSafeInteger(message.id)) return undefined;
  if (message.kind === 'cancel') return { kind: 'cancel', id: message.id };
  if (message.kind !== 'call' || !('name' in message) || typeof message.name !== 'string') return undefined;
  return { kind: 'call', id: message.id, name: message.name, input: 'input' in message ? message.input : {} };
}
