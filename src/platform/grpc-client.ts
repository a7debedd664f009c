import { Buffer } from 'node:buffer';
import * as grpc from '@grpc/grpc-js';
import { abortError } from '../base/abort.ts';
import { Failure, type FailureCode, failure, fromData, isFailure } from '../base/failure.ts';
import { refusals } from '../base/refusals.ts';
import { failureKey } from '../base/rpc.ts';
import type { MeshCredentials } from './grpc-credentials.ts';

/** One method of a generated service definition. */
export interface Method<Request, Response> {
  readonly path: string;
  readonly requestSerialize: (value: Request) => Buffer;
  readonly responseDeserialize: (bytes: Buffer) => Response;
}

export interface CallOptions {
  readonly signal: AbortSignal;
  readonly deadlineMs: number;
}

/** A channel to one address. Nothing is dialled before the first call. */
export interface Channel {
  unary<Request, Response>(method: Method<Request, Response>, request: Request, options: CallOptions): Promise<Response>;
  /** Ends when the far end ends it; rejects with a Failure, or with an AbortError when the signal aborts. */
  stream<Request, Response>(method: Method<Request, Response>, request: Request, signal: AbortSignal): AsyncIterable<Response>;
  close(): void;
}

/** A list of ten thousand nodes is two megabytes. */
const receiveBytesMax = 16 * 1024 * 1024;

export interface ChannelOptions {
  /** What a connection that cannot be made, or breaks, means: the mesh, the helper or the node process is away. */
  readonly away: FailureCode;
  /** Shown in the failure's detail; a mesh address or a socket path. */
  readonly name: string;
  /** Left out: clear text. */
  readonly credentials?: MeshCredentials;
}

/** Opens a channel to `dns:host:port` or `unix:/path`. */
export function openChannel(target: string, options: ChannelOptions): Channel {
  const { name, credentials } = options;
  const client = new grpc.Client(target, credentials?.credentials ?? grpc.credentials.createInsecure(), {
    'grpc.max_receive_message_length': receiveBytesMax,
    'grpc.initial_reconnect_backoff_ms': 200,
    'grpc.max_reconnect_backoff_ms': 2_000,
    // One retry loop is enough: the session's.
    'grpc.enable_retries': 0,
    // The machine's web proxy has no part in this.
    'grpc.enable_http_proxy': 0,
    // A far end that hangs, or a path that went away in silence, is noticed by its missing answer.
    'grpc.keepalive_time_ms': 10_000,
    'grpc.keepalive_timeout_ms': 5_000,
    // Two channels to one address must not share a connection that one of them closes.
    'grpc.use_local_subchannel_pool': 1,
  });
  return {
    unary: (method, request, { signal, deadlineMs }) => new Promise((resolve, reject) => {
      if (signal.aborted) return reject(abortError());
      const call = client.makeUnaryRequest(method.path, method.requestSerialize, method.responseDeserialize, request, new grpc.Metadata(), { deadline: Date.now() + deadlineMs }, (error, value) => {
        signal.removeEventListener('abort', abort);
        if (signal.aborted) return reject(abortError());
        if (error) return reject(fromServiceError(error, options));
        if (value === undefined) return reject(failure('mesh.incompatible', { address: name, problem: 'an empty answer' }));
        resolve(value);
      });
      const abort = (): void => call.cancel();
      signal.addEventListener('abort', abort, { once: true });
    }),
    stream: (method, request, signal) => iterate(() => client.makeServerStreamRequest(method.path, method.requestSerialize, method.responseDeserialize, request), signal, options),
    close: () => client.close(),
  };
}

async function* iterate<Response>(open: () => grpc.ClientReadableStream<Response>, signal: AbortSignal, options: ChannelOptions): AsyncIterable<Response> {
  if (signal.aborted) throw abortError();
  const call = open();
  const abort = (): void => call.cancel();
  signal.addEventListener('abort', abort, { once: true });
  try {
    for await (const value of call) yield value as Response;
  } catch (error) {
    if (signal.aborted) throw abortError();
    throw isServiceError(error) ? fromServiceError(error, options) : error;
  } finally {
    signal.removeEventListener('abort', abort);
    call.cancel();
  }
}

/** A gRPC error as a Failure: our own services send theirs whole, others speak in status codes and words. */
export function fromServiceError(error: grpc.ServiceError, { away, name, credentials }: ChannelOptions): Failure {
  const [own] = error.metadata?.get(failureKey) ?? [];
  if (own !== undefined) return own instanceof Buffer || typeof own === 'string' ? fromJson(String(own), error) : failure('internal.unexpected', {}, error);
  const handshake = credentials?.explain(String(error.details ?? ''));
  if (handshake) return handshake;
  const message = String(error.details ?? '').slice(0, 200);
  const detail = { address: name, message };
  const refused = codeByRefusal[`${error.code} ${message}`];
  if (refused) return failure(refused, { address: name }, error);
  switch (error.code) {
    case grpc.status.UNAVAILABLE:
      if (away === 'mesh.unreachable' && /protocol error/i.test(message)) return foreign(name, error);
      return failure(/no leader/i.test(message) ? 'mesh.no-leader' : away, detail, error);
    case grpc.status.DEADLINE_EXCEEDED: return failure('mesh.timeout', detail, error);
    case grpc.status.FAILED_PRECONDITION: return failure(/not (the )?leader/i.test(message) ? 'mesh.not-leader' : 'mesh.refused', detail, error);
    // Old nodes wrap a lost leadership in an internal error; any other internal error may pass by itself.
    case grpc.status.INTERNAL: return failure(incompatible.test(message) ? 'mesh.incompatible' : /not (the )?leader|leadership/i.test(message) ? 'mesh.not-leader' : 'mesh.busy', detail, error);
    case grpc.status.RESOURCE_EXHAUSTED: return failure(/larger than max|exceeds/i.test(message) ? 'mesh.incompatible' : /address|exhausted/i.test(message) ? 'mesh.address-exhausted' : 'mesh.busy', detail, error);
    case grpc.status.ABORTED: return failure('mesh.busy', detail, error);
    case grpc.status.UNAUTHENTICATED: return failure('auth.unauthenticated', detail, error);
    case grpc.status.PERMISSION_DENIED: return failure('auth.not-permitted', detail, error);
    case grpc.status.NOT_FOUND: return failure('mesh.not-found', detail, error);
    case grpc.status.UNIMPLEMENTED: return failure('mesh.incompatible', detail, error);
    case grpc.status.INVALID_ARGUMENT: case grpc.status.ALREADY_EXISTS: case grpc.status.OUT_OF_RANGE: return failure('mesh.refused', detail, error);
    case grpc.status.UNKNOWN: return failure(incompatible.test(message) ? 'mesh.incompatible' : 'mesh.refused', detail, error);
    default: return failure(away, detail, error);
  }
}

/** Refusals in matters of trust: status and words together, as nodes say them. */
const codeByRefusal: Readonly<Record<string, FailureCode>> = {
  [`${grpc.status.UNAUTHENTICATED} ${refusals.inviteUnknown}`]: 'auth.invite-invalid',
  [`${grpc.status.UNAUTHENTICATED} ${refusals.certificateExpired}`]: 'auth.expired',
  [`${grpc.status.PERMISSION_DENIED} ${refusals.revoked}`]: 'auth.revoked',
  [`${grpc.status.FAILED_PRECONDITION} ${refusals.inviteExpired}`]: 'auth.invite-expired',
  [`${grpc.status.FAILED_PRECONDITION} ${refusals.inviteUsed}`]: 'auth.invite-used',
  [`${grpc.status.FAILED_PRECONDITION} ${refusals.inviteRevoked}`]: 'auth.invite-invalid',
  [`${grpc.status.RESOURCE_EXHAUSTED} ${refusals.tooManyTries}`]: 'auth.too-many-tries',
  [`${grpc.status.ALREADY_EXISTS} ${refusals.idTaken}`]: 'node.id-taken',
};

/** Somebody answers, but is no node. Perhaps only for now, while a node or a proxy before it starts: so it is tried again. */
function foreign(address: string, error: grpc.ServiceError): Failure {
  return new Failure({ code: 'mesh.incompatible', retry: 'later', detail: { address, problem: 'what answers there speaks another protocol' } }, error);
}

/** What grpc-js says when the bytes are no answer of ours: a web server, or a message that does not decode. */
const incompatible = /http status|content-type|response message parsing|protocol error|invalid wire|RST_STREAM/i;

function fromJson(text: string, cause: Error): Failure {
  try {
    const { code, retry, detail } = fromData(JSON.parse(text));
    return new Failure({ code, retry, detail }, cause);
  } catch (error) {
    return isFailure(error) ? error : failure('internal.unexpected', { message: 'a failure that cannot be read' }, cause);
  }
}

function isServiceError(error: unknown): error is grpc.ServiceError {
  return error instanceof Error && 'code' in error && 'metadata' in error;
}
