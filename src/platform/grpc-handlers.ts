import { type EventEmitter } from 'node:events';
import * as grpc from '@grpc/grpc-js';
import { isAbort } from '../base/abort.ts';
import { type FailureCode, isFailure, toData } from '../base/failure.ts';
import { type Log } from '../base/log.ts';
import { type Callers } from './grpc-callers.ts';
import { type Call, type Duplex, failureKey, type Method, RpcError, type ServerStream, type Service, type StatusCode, type Unary, status } from '../base/rpc.ts';
import { pump, requestsOf } from './grpc-streams.ts';

const failureBytesMax = 4_096;

type AnyCall = grpc.ServerUnaryCall<unknown, unknown> | grpc.ServerWritableStream<unknown, unknown> | grpc.ServerDuplexStream<unknown, unknown>;

/** The handlers of a service as grpc-js wants them. A method without a handler answers unimplemented. */
export function implementationOf({ definition, handlers }: Service, callers: Callers, log: Log): grpc.UntypedServiceImplementation {
  return Object.fromEntries(Object.entries(definition).map(([name, method]) => [name, implement(method, handlers[name], callers, log)]));
}

function implement(method: Method, handler: Service['handlers'][string] | undefined, callers: Callers, log: Log): grpc.UntypedHandleCall {
  if (handler === undefined || (method.requestStream && !method.responseStream)) return absent(method);
  if (method.requestStream) return duplex(method, handler as Duplex<unknown, unknown>, callers, log);
  return method.responseStream ? streaming(method, handler as ServerStream<unknown, unknown>, callers, log) : unary(method, handler as Unary<unknown, unknown>, callers, log);
}

function unary(method: Method, handler: Unary<unknown, unknown>, callers: Callers, log: Log): grpc.handleUnaryCall<unknown, unknown> {
  return (call, callback) => {
    const { context, end } = contextOf(call, callers);
    // Handlers are async, but a plain function that throws must not escape either.
    Promise.resolve()
      .then(() => handler(call.request, context))
      .then((value) => callback(null, value), (error: unknown) => callback(statusOf(error, method, log)))
      .finally(end);
  };
}

function streaming(method: Method, handler: ServerStream<unknown, unknown>, callers: Callers, log: Log): grpc.handleServerStreamingCall<unknown, unknown> {
  return (call) => {
    const { context, end } = contextOf(call, callers);
    pump(call, context.signal, () => handler(call.request, context))
      .then(() => call.end(), (error: unknown) => call.emit('error', statusOf(error, method, log)))
      .finally(end);
  };
}

/** The answers may end before the requests do: what comes after that is not read any more. */
function duplex(method: Method, handler: Duplex<unknown, unknown>, callers: Callers, log: Log): grpc.handleBidiStreamingCall<unknown, unknown> {
  return (call) => {
    const { context, end } = contextOf(call, callers);
    pump(call, context.signal, () => handler(requestsOf(call, context.signal), context))
      .then(() => call.end(), (error: unknown) => call.emit('error', statusOf(error, method, log)))
      .finally(end);
  };
}

function absent({ path, requestStream, responseStream }: Method): grpc.UntypedHandleCall {
  const error = { code: grpc.status.UNIMPLEMENTED, details: `${path} is not offered by this node`, metadata: new grpc.Metadata() };
  if (responseStream) return (call: grpc.ServerWritableStream<unknown, unknown> | grpc.ServerDuplexStream<unknown, unknown>) => void call.emit('error', error);
  if (requestStream) return (_call: grpc.ServerReadableStream<unknown, unknown>, callback: grpc.sendUnaryData<unknown>) => callback(error);
  return (_call: grpc.ServerUnaryCall<unknown, unknown>, callback: grpc.sendUnaryData<unknown>) => callback(error);
}

/** What a handler may know of its caller; `end` releases the listeners. */
function contextOf(call: AnyCall, callers: Callers): { context: Call; end: () => void } {
  const controller = new AbortController();
  const cancelled = (): void => controller.abort(new DOMException('the caller is gone', 'AbortError'));
  const events: EventEmitter = call;
  events.on('cancelled', cancelled);
  if (call.cancelled) cancelled();
  const deadline = call.getDeadline();
  const at = deadline instanceof Date ? deadline.getTime() : deadline;
  const context: Call = {
    caller: callers.of(call),
    metadata: textMetadata(call.metadata),
    peer: peerOf(call.getPeer()),
    signal: controller.signal,
    deadlineMs: Number.isFinite(at) ? Math.max(0, at - Date.now()) : undefined,
  };
  return { context, end: () => events.removeListener('cancelled', cancelled) };
}

/** First value of each key that is text. */
export function textMetadata(metadata: grpc.Metadata): Record<string, string> {
  const pairs = Object.entries(metadata.getMap()).filter((pair): pair is [string, string] => typeof pair[1] === 'string');
  return Object.fromEntries(pairs.map(([key, value]) => [key.toLowerCase(), value]));
}

function peerOf(text: string): string {
  return text === '' || text === 'unknown' ? 'local' : text;
}

/** The status that a thrown value becomes. What nobody expected is logged here and says nothing to the caller. */
export function statusOf(error: unknown, method: Pick<Method, 'path'>, log: Log): Partial<grpc.StatusObject> {
  if (error instanceof RpcError) return { code: error.code as number, details: error.message, metadata: new grpc.Metadata() };
  if (isFailure(error)) {
    const metadata = new grpc.Metadata();
    const whole = Buffer.from(JSON.stringify(toData(error)));
    metadata.set(failureKey, whole.length <= failureBytesMax ? whole : Buffer.from(JSON.stringify({ ...toData(error), detail: {} })));
    return { code: statusOfFailure(error.code), details: error.code, metadata };
  }
  if (isAbort(error)) return { code: status.cancelled, details: 'cancelled', metadata: new grpc.Metadata() };
  log.error('rpc-bug', { method: method.path, error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  return { code: status.internal, details: 'internal error', metadata: new grpc.Metadata() };
}

const statusByFailure: Partial<Record<FailureCode, StatusCode>> = {
  'auth.unauthenticated': status.unauthenticated, 'auth.not-permitted': status.permissionDenied,
  'mesh.unreachable': status.unavailable, 'mesh.timeout': status.deadlineExceeded, 'mesh.no-leader': status.unavailable, 'mesh.not-found': status.notFound,
  'mesh.busy': status.resourceExhausted, 'mesh.address-exhausted': status.resourceExhausted, 'helper.stale': status.aborted,
  'helper.lost': status.unavailable, 'helper.unreachable': status.unavailable, 'node.lost': status.unavailable,
  'input.invalid': status.invalidArgument, 'input.limit': status.resourceExhausted, 'input.unknown-profile': status.notFound,
  'internal.unexpected': status.internal, 'internal.storage': status.internal,
};

/** Failures without an entry are failedPrecondition: something about the present state must change first. */
function statusOfFailure(code: FailureCode): StatusCode {
  return statusByFailure[code] ?? status.failedPrecondition;
}
