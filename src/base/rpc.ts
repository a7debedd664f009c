/** A service method without a transport: what node and helper implement, and what platform/grpc serves. */
export interface Call {
  /** First value of each metadata key, lower case. */
  readonly metadata: Readonly<Record<string, string>>;
  /** `ip:port` of the caller as the transport sees it, or `local` on a private socket. */
  readonly peer: string;
  /** Aborts when the caller went away or its deadline passed. */
  readonly signal: AbortSignal;
  /** Milliseconds until the caller's deadline, or undefined. */
  readonly deadlineMs: number | undefined;
}

export type Unary<Request, Response> = (request: Request, call: Call) => Promise<Response>;
/** Yields whole values; the transport applies back-pressure and drops nothing. */
export type ServerStream<Request, Response> = (request: Request, call: Call) => AsyncIterable<Response>;

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
