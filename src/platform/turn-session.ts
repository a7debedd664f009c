import { type Cancel, type Clock } from '../base/clock.ts';
import { CarrierError } from '../node/path-ports.ts';
import { decodeStun, type StunMessage } from './stun-message.ts';
import { Session } from './turn-library.ts';

/** The requests of one TURN client (RFC 8656), one after the other, through the library's session, which signs them and answers challenges. */
export interface TurnRequests {
  allocate(family: 4 | 6): Promise<StunMessage>;
  refresh(lifetimeSeconds: number): Promise<StunMessage>;
  createPermission(addresses: readonly string[]): Promise<StunMessage>;
  channelBind(channel: number, ip: string, port: number): Promise<StunMessage>;
  /** Takes an answer of the server. What belongs to no question is ignored. */
  receive(bytes: Buffer): void;
  close(): void;
}

export interface TurnRequestOptions {
  readonly username: string;
  readonly credential: string;
  /** Of datagrams; streams repeat nothing. */
  readonly repeat: boolean;
  readonly send: (bytes: Buffer) => void;
  readonly clock: Clock;
}

/** What the library's session can do; its declarations name less. */
interface LibrarySession {
  on(event: string, listener: (...values: never[]) => void): void;
  message(bytes: Buffer): void;
  allocate(options: { readonly lifetime: number; readonly requestedAddressFamily?: number }): void;
  refresh(seconds: number): void;
  createPermission(peers: readonly { readonly ip: string; readonly port: number }[]): void;
  channelBind(channel: number, peer: { readonly ip: string; readonly port: number }): void;
  close(): void;
}

type Method = 'allocate' | 'refresh' | 'create_permission' | 'channel_bind';

export const lifetimeSeconds = 600;
const answerMsMax = 2_500;
const firstRepeatMs = 200;
const waitingMax = 64;
const ipv6Family = 2;
/** Codes that say: come back when somebody has left (RFC 8656, section 18). */
const fullCodes = [486, 508];

export function turnRequests({ username, credential, repeat, send, clock }: TurnRequestOptions): TurnRequests {
  const session = new Session({ isServer: false, username, password: credential, authMech: 'long-term', rto: repeat ? firstRepeatMs : null }) as unknown as LibrarySession;
  let pending: { readonly method: Method; settle(result: StunMessage | CarrierError): void } | null = null;
  let last: Buffer = Buffer.alloc(0);
  let turn: Promise<unknown> = Promise.resolve();
  let waiting = 0;
  let closed = false;

  session.on('message', (bytes: Uint8Array) => send(Buffer.from(bytes)));
  session.on('error', () => {}); // A message that it could not read; the question is asked again or runs out of time.
  session.on('timeout', () => pending?.settle(new CarrierError('no-relay', 'the relay does not answer')));
  session.on('redirect', () => pending?.settle(new CarrierError('no-relay', 'the relay sends us elsewhere')));
  for (const method of ['allocate', 'refresh', 'create_permission', 'channel_bind'] as const) {
    session.on(`${method}:success`, () => {
      const message = decodeStun(last);
      if (pending?.method === method && message) pending.settle(message);
    });
    session.on(`${method}:error`, (_message: unknown, error: { readonly code?: number } | null) => {
      if (pending?.method === method) pending.settle(refused(error?.code ?? 0));
    });
  }

  /** The library knows one open question; the next waits for it. */
  function request(method: Method, ask: () => void): Promise<StunMessage> {
    if (closed || waiting >= waitingMax) return Promise.reject(new CarrierError('no-relay', 'the relay is not asked any more'));
    waiting++;
    const asked = turn.then(() => answer(method, ask)).finally(() => waiting--);
    turn = asked.catch(() => {});
    return asked;
  }

  function answer(method: Method, ask: () => void): Promise<StunMessage> {
    if (closed) return Promise.reject(new CarrierError('no-relay', 'the relay is not asked any more'));
    return new Promise((resolve, reject) => {
      let late: Cancel = () => {};
      const settle = (result: StunMessage | CarrierError): void => {
        pending = null;
        late();
        if (result instanceof CarrierError) reject(result);
        else resolve(result);
      };
      pending = { method, settle };
      late = clock.after(answerMsMax, () => settle(new CarrierError('no-relay', 'the relay does not answer')));
      ask();
    });
  }

  return {
    allocate: (family) => request('allocate', () => session.allocate({ lifetime: lifetimeSeconds, ...(family === 6 ? { requestedAddressFamily: ipv6Family } : {}) })),
    refresh: (seconds) => request('refresh', () => session.refresh(seconds)),
    createPermission: (addresses) => request('create_permission', () => session.createPermission(addresses.map((ip) => ({ ip, port: 0 })))),
    channelBind: (channel, ip, port) => request('channel_bind', () => session.channelBind(channel, { ip, port })),
    receive: (bytes) => {
      last = bytes;
      session.message(bytes);
    },
    close: () => {
      if (closed) return;
      // Told while the session still speaks: the relay lets go at once (RFC 8656, section 7.1), and no answer is waited for.
      session.refresh(0);
      closed = true;
      pending?.settle(new CarrierError('no-relay', 'closed'));
      session.close();
    },
  };
}

function refused(code: number): CarrierError {
  return new CarrierError(fullCodes.includes(code) ? 'relay-full' : 'no-relay', `the relay refuses (${code})`);
}
