import { type EventEmitter } from 'node:events';
import { EventEmitter as Emitter } from 'node:events';
import { cell } from '../../../src/base/cell.ts';
import { failureCodes } from '../../../src/base/failure.ts';
import { attach, type Answer, type Port } from '../../../src/contract/client.ts';
import { limits, serve, type Topics } from '../../../src/contract/carrier.ts';
import { type CommandName, commands, type Handlers } from '../../../src/contract/commands.ts';
import { rowTopics } from '../../../src/contract/rows.ts';
import { topicNames } from '../../../src/contract/state.ts';
import { lineReader } from '../../../src/platform/socket-port.ts';
import { isPlainMessage } from '../../../src/main/plain-message.ts';
import { webSocketPort } from '../../../src/web/web-socket-port.ts';
import { json, jsonLines } from '../shapes/json.ts';
import { bytesOf, holds, jsonOf, refusals, type Target, utf8 } from '../target.ts';

const names = Object.keys(commands) as CommandName[];
const calls = names.map((name, id) => ({ kind: 'call', id, name, input: inputs()[name] ?? {} }));

function inputs(): Partial<Record<CommandName, unknown>> {
  const id = 'abc';
  return {
    'session.connect': { profile: id }, 'mesh.create': { name: 'home', ipv4Network: '172.16.0.0/12' }, 'mesh.join': { address: '10.0.0.1:8443', insecure: true },
    'invite.create': { role: 'guest', expiresInSeconds: 600, uses: 1, note: 'x' }, 'invite.redeem': { link: 'webmesh://join/AAAA' }, 'device.role': { id: 'n', role: 'admin' },
    'root.export': { passphrase: 'long enough words' }, 'root.import': { file: 'x', passphrase: 'long enough words' }, 'audit.list': { search: 'x', limit: 5 },
    'profile.select': { profile: id }, 'profile.rename': { profile: id, name: 'x' }, 'profile.remove': { profile: id }, 'peer.ping': { id: 'n' }, 'peer.metrics': { id: 'n' },
    'settings.update': { theme: 'dark', logLevel: 'debug' }, 'diagnostics.logs': { lines: 5 }, 'device.approve': { id: 'n' }, 'device.revoke': { id: 'n' }, 'invite.revoke': { id: 'a'.repeat(16) },
    'peer.paths': { id: 'n', count: 3, mtu: true }, 'peer.retry': { id: 'n' }, 'forward.open': { peer: 'n', protocol: 'udp', localAddress: '::1', localPort: 0, remoteAddress: '10.0.0.1', remotePort: 80 }, 'forward.close': { id },
    'offers.set': { profile: id, turnServer: true, relayMbit: 50, shares: ['tcp 127.0.0.1:8080', 'udp [::1]:53'] },
  };
}

/** Handlers that only look whether what reaches them keeps to its row. */
const handlers = Object.fromEntries(names.map((name) => [name, async (input: unknown) => {
  holds(typeof input === 'object' && input !== null && !Array.isArray(input), `${name} gets an object`);
  holds(Object.keys(input).every((field) => field in commands[name].input.shape), `${name} gets only fields of its row`);
  return null;
}])) as unknown as Handlers;
const topics = Object.fromEntries(topicNames.map((name) => [name, cell(null)])) as unknown as Topics;

interface Near {
  readonly port: Port;
  receive(message: unknown): void;
  readonly answers: Answer[];
  close(): void;
}

function near(): Near {
  let receive: (message: unknown) => void = () => {};
  let close: () => void = () => {};
  const answers: Answer[] = [];
  return {
    answers, receive: (message) => receive(message), close: () => close(),
    port: {
      send: (message) => void answers.push(message as Answer), close: () => {},
      onMessage: (take) => {
        receive = take;
      },
      onClose: (tell) => {
        close = tell;
      },
    },
  };
}

/** Every call gets exactly one answer, in known words; whatever else a page sends gets none, but for one value that it says it missed. */
async function served(messages: readonly unknown[]): Promise<number> {
  const page = near();
  serve(page.port, handlers, topics);
  for (const message of messages) page.receive(message);
  for (let turn = 0; turn < 8; turn++) await Promise.resolve();
  page.close();
  const replies = page.answers.filter((answer) => answer.kind === 'reply');
  for (const reply of replies) holds(reply.ok || (failureCodes.includes(reply.failure.code) && reply.failure.code !== 'internal.unexpected'), `a refusal has a code of ours, not ${JSON.stringify(reply)}`);
  holds(replies.length <= messages.length, 'one answer a call');
  // However often it is asked for: nothing changed meanwhile.
  const again = page.answers.length - topicNames.length - replies.length;
  holds(again >= 0 && again <= Object.keys(rowTopics).length, 'whoever says that it holds another value is sent the whole one once');
  return JSON.stringify(replies).length;
}

const carrier: Target = {
  name: 'carrier', from: 'a page that was taken over, and other users of the app socket', shape: json,
  open: () => ({
    seeds: [jsonOf([{ kind: 'cancel', id: 1 }, { kind: 'rows', name: 'peers', have: 0 }, ...calls.slice(0, 4)]), ...calls.map((call) => jsonOf([call])), jsonOf(Array.from({ length: limits.callsAtOnce + 2 }, (_, id) => ({ ...calls[0], id })))],
    run: (input) => {
      const messages = refusals(() => JSON.parse(utf8(input)) as unknown, 'SyntaxError');
      if (!isPlainMessage(messages)) return undefined;
      return served((Array.isArray(messages) ? messages : [messages]).slice(0, 200));
    },
  }),
};

/** The same messages as they come over the app socket: lines, in pieces. */
const lines: Target = {
  name: 'app-socket', from: 'whoever reaches the app socket', shape: jsonLines,
  open: () => ({
    seeds: [bytesOf(calls.slice(0, 3).map((call) => JSON.stringify(call)).join('\n').concat('\n')), bytesOf('{}\n[]\n1\n')],
    run: async (input) => {
      const messages: unknown[] = [];
      const take = lineReader((line) => messages.push(JSON.parse(line)), 8_192);
      const whole = utf8(input);
      // A broken or too long line ends the connection: that is the refusal.
      refusals(() => {
        for (let at = 0; at < whole.length; at += 97) take(whole.slice(at, at + 97));
      }, 'SyntaxError', 'Error');
      return served(messages.slice(0, 200));
    },
  }),
};

const webSocket: Target = {
  name: 'web-socket', from: 'a page that was taken over', shape: json,
  open: () => ({
    seeds: calls.slice(0, 5).map(jsonOf),
    run: (input) => {
      const socket = Object.assign(new Emitter() as EventEmitter, { closed: 0, terminate: () => {}, close: (code: number) => Object.assign(socket, { closed: code }) });
      const messages: unknown[] = [];
      webSocketPort(socket as never).onMessage((message) => messages.push(message));
      socket.emit('message', Buffer.from(input), false);
      holds((messages.length === 1) !== ((socket as unknown as { closed: number }).closed === 1003), 'a message is taken or ends the connection');
      return undefined;
    },
  }),
};

/** What a core answers is read by pages and the CLI. */
const client: Target = {
  name: 'carrier-answers', from: 'whoever holds the app socket', shape: json,
  open: () => ({
    seeds: [jsonOf({ kind: 'reply', id: 1, ok: true, value: 1 }), jsonOf({ kind: 'reply', id: 1, ok: false, failure: { code: 'app.busy', retry: 'later', detail: {} } }), jsonOf({ kind: 'topic', name: 'session', value: {} }),
      jsonOf({ kind: 'change', name: 'peers', serial: 2, change: { rest: { source: 'stored' }, removed: ['a'], put: [[1, { id: 'c' }]] } })],
    run: async (input) => {
      const core = near();
      const attached = attach(core.port);
      const call = attached.call('app.quit', {}).catch(() => {});
      attached.watch('session', () => {});
      core.receive({ kind: 'topic', name: 'peers', value: { source: 'replica', list: [{ id: 'a' }, { id: 'b' }] }, serial: 1 });
      const message = refusals(() => JSON.parse(utf8(input)) as unknown, 'SyntaxError');
      core.receive(message);
      core.close();
      await call;
      return undefined;
    },
  }),
};

export const contract: readonly Target[] = [carrier, lines, webSocket, client];
