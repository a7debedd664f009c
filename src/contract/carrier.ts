import { asFailure, failure, toData } from '../base/failure.ts';
import { type ReadCell } from '../base/cell.ts';
import { type Answer, type Port, type Request } from './client.ts';
import { commands, isCommandName, type Handlers } from './commands.ts';
import { readAs } from './read-as.ts';
import { changeOf, isRowTopic, type RowsChange, type RowTopicName } from './rows.ts';
import { topicNames, type AppState, type TopicName } from './state.ts';

export { attach, type Answer, type Client, type Port, type Request } from './client.ts';

export type Topics = { readonly [K in TopicName]: ReadCell<AppState[K]> };

/** Limits for a port whose other end is hostile. */
export const limits = { callsAtOnce: 64 } as const;

/** What a first screen needs is small; a long list comes after it. */
const smallFirst = topicNames.toSorted((a, b) => Number(isRowTopic(a)) - Number(isRowTopic(b)));

/** Serves the core on one port: parses every call with its row, answers a value or a failure, sends each topic at once. */
export function serve(port: Port, handlers: Handlers, topics: Topics): void {
  const running = new Map<number, AbortController>();
  let closed = false;
  const rows = new Map<RowTopicName, RowSender>();
  const stops = smallFirst.map((name) => {
    const sender = isRowTopic(name) ? rowSender(port, name) : undefined;
    if (isRowTopic(name) && sender) rows.set(name, sender);
    const publish = sender?.publish ?? ((value: unknown): void => port.send({ kind: 'topic', name, value } satisfies Answer));
    publish(topics[name].get());
    return topics[name].subscribe(publish);
  });
  port.onMessage((message) => {
    const request = parseRequest(message);
    if (request === undefined) return;
    if (request.kind === 'rows') return rows.get(request.name)?.take(request.have);
    if (request.kind === 'cancel') return running.get(request.id)?.abort();
    void answer(request);
  });
  port.onClose(() => {
    closed = true;
    for (const stop of stops) stop();
    for (const controller of running.values()) controller.abort();
  });

  async function answer({ id, name, input }: Extract<Request, { kind: 'call' }>): Promise<void> {
    const controller = new AbortController();
    try {
      if (running.size >= limits.callsAtOnce || running.has(id)) throw failure('app.busy', { calls: running.size });
      running.set(id, controller);
      const value = await run(handlers, name, input, controller.signal);
      reply({ kind: 'reply', id, ok: true, value });
    } catch (error) {
      reply({ kind: 'reply', id, ok: false, failure: toData(asFailure(error)) });
    } finally {
      if (running.get(id) === controller) running.delete(id);
    }
  }

  /** Whoever left hears no answer. */
  function reply(answer: Answer): void {
    if (!closed) port.send(answer);
  }
}

interface RowSender {
  publish(value: unknown): void;
  /** The other end holds the value with this serial number, or none: from here on changes are enough for it. */
  take(have: number): void;
}

/** Sends a row topic whole until the other end says that it takes changes. */
function rowSender(port: Port, name: RowTopicName): RowSender {
  let serial = 0;
  let last: unknown;
  let changes = false;
  /** Whoever asks is sent no value twice. */
  let answered = 0;
  const sendWhole = (): void => port.send({ kind: 'topic', name, value: last, serial } satisfies Answer);
  return {
    publish: (value) => {
      const change = changes ? changeOnce(name, last, value) : undefined;
      serial++;
      last = value;
      if (change) port.send({ kind: 'change', name, serial, change } satisfies Answer);
      else sendWhole();
    },
    take: (have) => {
      changes = true;
      if (have === serial || answered === serial) return;
      answered = serial;
      sendWhole();
    },
  };
}

/** Every port is sent the same change: it is worked out once. */
const worked = new WeakMap<object, { readonly before: unknown; readonly change: RowsChange | undefined }>();

function changeOnce(name: RowTopicName, before: unknown, after: unknown): RowsChange | undefined {
  if (typeof after !== 'object' || after === null) return undefined;
  const known = worked.get(after);
  if (known && known.before === before) return known.change;
  const change = changeOf(name, before, after);
  worked.set(after, { before, change });
  return change;
}

/** Parses the input with the row's schema and runs the row's handler. */
export async function run(handlers: Handlers, name: string, input: unknown, signal: AbortSignal): Promise<unknown> {
  if (!isCommandName(name)) throw failure('input.unknown-command', { name: String(name).slice(0, 64) });
  const parsed = readAs(commands[name].input, input ?? {});
  if (!parsed.success) throw failure('input.invalid', { field: parsed.field, problem: parsed.problem });
  const handler = handlers[name] as (input: unknown, signal: AbortSignal) => Promise<unknown>;
  return handler(parsed.data, signal);
}

function parseRequest(message: unknown): Request | undefined {
  if (typeof message !== 'object' || message === null || !('kind' in message)) return undefined;
  if (message.kind === 'rows') return 'name' in message && isRowTopic(message.name) && 'have' in message && typeof message.have === 'number' ? { kind: 'rows', name: message.name, have: message.have } : undefined;
  if (!('id' in message)) return undefined;
  if (typeof message.id !== 'number' || !Number.isSafeInteger(message.id)) return undefined;
  if (message.kind === 'cancel') return { kind: 'cancel', id: message.id };
  if (message.kind !== 'call' || !('name' in message) || typeof message.name !== 'string') return undefined;
  return { kind: 'call', id: message.id, name: message.name, input: 'input' in message ? message.input : {} };
}
