import { type ClientHttp2Session, connect as connectHttp2, constants } from 'node:http2';
import { connect as connectTls, type SecureVersion, type TLSSocket } from 'node:tls';
import { type Identity } from '../../../src/base/identity.ts';
import { status } from '../../../src/base/rpc.ts';
import { pemOf } from '../../../src/platform/tls.ts';

/** How an attacker's TLS looks. Nothing of it is checked on this side. */
export interface TlsLook {
  /** Certificate and key that are presented; null: none. */
  readonly as: Pick<Identity, 'privateKey' | 'chain'> | null;
  readonly alpn?: readonly string[];
  readonly maxVersion?: SecureVersion;
  /** An own address to come from: attackers have many. */
  readonly from?: string;
  /** Resumes what an earlier handshake proved. */
  readonly session?: Buffer;
}

/** A TLS connection after its handshake. Rejects with what ended it. */
export function tlsTo(host: string, port: number, { as, alpn = ['h2'], maxVersion = 'TLSv1.3', from, session }: TlsLook): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const own = as === null ? {} : { key: pemOf(as.privateKey, 'PRIVATE KEY'), cert: as.chain.map((der) => pemOf(der)).join('') };
    const socket = connectTls({
      host, port, ...own, ALPNProtocols: [...alpn], minVersion: 'TLSv1.2', maxVersion, rejectUnauthorized: false, checkServerIdentity: () => undefined, ...(from === undefined ? {} : { localAddress: from }), ...(session === undefined ? {} : { session }),
    });
    socket.once('secureConnect', () => {
      socket.removeAllListeners('error');
      socket.on('error', () => {});
      resolve(socket);
    });
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('closed')));
  });
}

export interface GrpcMethod<Request, Response> {
  readonly path: string;
  readonly requestSerialize: (value: Request) => Uint8Array;
  readonly responseDeserialize: (bytes: Buffer) => Response;
}

/** An open channel of an attacker or a judge: HTTP/2 written by hand, so that nothing of our own client stands between it and the server. */
export interface RawChannel {
  /** The answer, or a thrown Refusal. */
  call<Request, Response>(method: GrpcMethod<Request, Response>, request: Request, metadata?: Record<string, string>): Promise<Response>;
  /** The same with the message as bytes, after the five bytes that gRPC puts before it. */
  send(path: string, message: Uint8Array, metadata?: Record<string, string>, frame?: Buffer): Promise<Buffer>;
  readonly closed: boolean;
  close(): void;
}

/** How a call was refused, in the words of the status: `UNAUTHENTICATED certificate required`. */
export class Refusal extends Error {
  override name = 'Refusal';
}

const callMs = 15_000;

export async function openGrpc(host: string, port: number, look: TlsLook | 'clear-text'): Promise<RawChannel> {
  const socket = look === 'clear-text' ? undefined : await tlsTo(host, port, look);
  const session = connectHttp2(`${socket ? 'https' : 'http'}://${host}:${port}`, socket ? { createConnection: () => socket } : {});
  session.on('error', () => {});
  const send: RawChannel['send'] = (path, message, metadata = {}, frame) => request(session, path, frame ?? framed(message), metadata);
  return {
    send,
    call: async (method, value, metadata) => method.responseDeserialize(await send(method.path, method.requestSerialize(value), metadata)),
    get closed() {
      return session.closed || session.destroyed;
    },
    close: () => session.destroy(),
  };
}

/** One call over a connection of its own. What refuses the connection itself is `connection closed`. */
export async function callOnce<Request, Response>(host: string, port: number, look: TlsLook | 'clear-text', method: GrpcMethod<Request, Response>, value: Request, metadata?: Record<string, string>): Promise<Response> {
  const channel = await openGrpc(host, port, look).catch((error: unknown) => {
    throw new Refusal('connection closed', { cause: error });
  });
  try {
    return await channel.call(method, value, metadata);
  } finally {
    channel.close();
  }
}

/** What a call comes to, in words: `let in`, or how it was refused. */
export async function outcomeOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return 'let in';
  } catch (error) {
    if (error instanceof Refusal) return error.message;
    throw error;
  }
}

function framed(message: Uint8Array): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

function request(session: ClientHttp2Session, path: string, frame: Buffer, metadata: Record<string, string>): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const lost = (): void => reject(new Refusal('connection closed'));
    if (session.destroyed || session.closed) return lost();
    const stream = session.request({ [constants.HTTP2_HEADER_METHOD]: 'POST', [constants.HTTP2_HEADER_PATH]: path, 'content-type': 'application/grpc', te: 'trailers', ...metadata });
    const parts: Buffer[] = [];
    const told: { code?: string; message?: string } = {};
    const hear = (headers: Record<string, unknown>): void => {
      if (headers['grpc-status'] !== undefined) Object.assign(told, { code: String(headers['grpc-status']), message: decodeURIComponent(String(headers['grpc-message'] ?? '')) });
    };
    stream.setTimeout(callMs, () => stream.close());
    stream.on('response', hear).on('trailers', hear).on('data', (part: Buffer) => parts.push(part));
    stream.on('error', () => {});
    stream.on('close', () => {
      if (told.code === undefined) return lost();
      if (told.code !== '0') return reject(new Refusal(`${nameOf(Number(told.code))} ${told.message}`.trim()));
      resolve(Buffer.concat(parts).subarray(5));
    });
    stream.end(frame);
  });
}

function nameOf(code: number): string {
  const name = Object.entries(status).find(([, value]) => value === code)?.[0] ?? String(code);
  return name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
}
