import { asFailure, failure, toData } from '../base/failure.ts';
import { type ReadCell } from '../base/cell.ts';
import { type Answer, type Port, type Request } from './client.ts';
import { commands, isCommandName, type Handlers } from './commands.ts';
import { readAs } from './read-as.ts';
import { topicNames, type AppState, type TopicName } from './state.ts';

export { attach, type Answer, type Client, type Port, type Request } from './client.ts';

export type Topics = { readonly [K in TopicName]: ReadCell<AppState[K]> };

/** Limits for a port whose other end is hostile. */
export const limits = { callsAtOnce: 64 } as const;

/** Serves the core on one port: parses every call with its row, answers a value or a failure, sends each topic at once. */
export function serve(port: Port, handlers: Handlers, topics: Topics): void {
  const running = new Map<number, AbortController>();
  let closed = false;
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

/** Parses the input with the row's schema and runs the row's handler. */
export async function run(handlers: Handlers, name: string, input: unknown, signal: AbortSignal): Promise<unknown> {
  if (!isCommandName(name)) throw failure('input.unknown-command', { name: String(name).slice(0, 64) });
  const parsed = readAs(commands[name].input, input ?? {});
  if (!parsed.success) throw failure('input.invalid', { field: parsed.field, problem: parsed.problem });
  const handler = handlers[name] as (input: unknown, signal: AbortSignal) => Promise<unknown>;
  return handler(parsed.data, signal);
}

function parseRequest(message: unknown): Request | undefined {
  if (typeof message !== 'object' || message === null || !('kind' in message) || !('id' in message)) return undefined;
  if (typeof message.id !== 'number' || !Number.isSafeInteger(message.id)) return undefined;
  if (message.kind === 'cancel') return { kind: 'cancel', id: message.id };
  if (message.kind !== 'call' || !('name' in message) || typeof message.name !== 'string') return undefined;
  return { kind: 'call', id: message.id, name: message.name, input: 'input' in message ? message.input : {} };
}
