/** A service method without a transport: what node and helper implement, and what platform/grpc serves. */
export interface Call {
  /** Who the transport proved the caller to be. What that one may do is decided by the policy, never by the transport. */
  readonly caller: Caller;
  /** First value of each metadata key, lower case. */
  readonly metadata: Readonly<Record<string, string>>;
  /** `ip:port` of the caller as the transport sees it, or `local` on a private socket. */
  readonly peer: string;
  /** Aborts when the caller went away or its deadline passed. */
  readonly signal: AbortSignal;
  /** Milliseconds until the caller's deadline, or undefined. */
  readonly deadlineMs: number | undefined;
}

/**
 * local: over a private socket of this machine. clear-text: over TCP without TLS, an old mesh. anonymous: over TLS without a certificate.
 * certified: the certificate chain leads to this mesh's pinned root, and says `id`; `fingerprint` (SHA-256 of the certificate, hex) tells
 * which one. `expired`: good in all but its end, which only a renewal may overlook.
 */
export type Caller =
  | { readonly kind: 'local' }
  | { readonly kind: 'clear-text' }
  | { readonly kind: 'anonymous' }
  | { readonly kind: 'certified'; readonly id: string; readonly fingerprint: string; readonly expired: boolean };

export type Unary<Request, Response> = (request: Request, call: Call) => Promise<Response>;
/** Yields whole values; the transport applies back-pressure and drops nothing. */
export type ServerStream<Request, Response> = (request: Request, call: Call) => AsyncIterable<Response>;

/** Both sides stream. The requests end when the caller half-closes; they throw when it is gone. */
export type Duplex<Request, Response> = (requests: AsyncIterable<Request>, call: Call) => AsyncIterable<Response>;

/** gRPC status codes that our services use. Numbers as in the gRPC specification. */
export const status = {
  cancelled: 1, unknown: 2, invalidArgument: 3, deadlineExceeded: 4, notFound: 5, alreadyExists: 6, permissionDenied: 7,
  resourceExhausted: 8, failedPrecondition: 9, aborted: 10, unimplemented: 12, internal: 13, unavailable: 14, unauthenticated: 16,
} as const;
export type StatusCode = (typeof status)[keyof typeof status];

/** A refusal in the words of the v1 API: a gRPC status code and a short message that clients may match. */
export class RpcError extends Error {
  override name = 'RpcError';
  readonly code: StatusCode;
  constructor(code: StatusCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}

/** One method of a generated service definition, as far as a transport needs it. */
export interface Method {
  readonly path: string;
  readonly requestStream: boolean;
  readonly responseStream: boolean;
  readonly requestSerialize: (value: never) => Uint8Array;
  readonly requestDeserialize: (bytes: Buffer) => unknown;
  readonly responseSerialize: (value: never) => Uint8Array;
  readonly responseDeserialize: (bytes: Buffer) => unknown;
}

type HandlerOf<M> = M extends { requestStream: false; requestDeserialize: (bytes: Buffer) => infer Request; responseDeserialize: (bytes: Buffer) => infer Response; responseStream: infer Streams }
  ? Streams extends true ? ServerStream<Request, Response> : Unary<Request, Response>
  : M extends { requestStream: true; responseStream: true; requestDeserialize: (bytes: Buffer) => infer Request; responseDeserialize: (bytes: Buffer) => infer Response }
    ? Duplex<Request, Response> : never;

/** The handlers of a service, by the generated method name. A method left out answers unimplemented. */
export type Handlers<Definition> = { readonly [Name in keyof Definition]?: HandlerOf<Definition[Name]> };

/** A service ready to be served: its definition beside its handlers. */
export interface Service {
  readonly definition: Readonly<Record<string, Method>>;
  readonly handlers: Readonly<Record<string, Unary<never, unknown> | ServerStream<never, unknown> | Duplex<never, unknown>>>;
}

/** Pairs a generated definition with handlers of its types. */
export function service<Definition extends Readonly<Record<string, Method>>>(definition: Definition, handlers: Handlers<Definition>): Service {
  return { definition, handlers: handlers as Service['handlers'] };
}

/** The metadata key under which our private services send a Failure's data, as JSON bytes, beside the status code. */
export const failureKey = 'webmesh-failure-bin';
