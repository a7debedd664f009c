import * as grpc from '@grpc/grpc-js';
import { type Log } from '../base/log.ts';
import { type Authorize, type Callers } from './grpc-callers.ts';
import { statusOf, textMetadata } from './grpc-handlers.ts';

/**
 * Asks the policy before anything of a call is read. As an interceptor of the whole server it stands before every method that is or will be
 * registered, whoever registered it: health and reflection too.
 */
export function authorizing(authorize: Authorize, callers: Callers, log: Log): grpc.ServerInterceptor {
  return ({ path }, call) => {
    const gone = new AbortController();
    const refuse = (error: unknown): void => {
      const { code = grpc.status.INTERNAL, details = '', metadata } = statusOf(error, { path }, log);
      call.sendStatus({ code, details, metadata: metadata ?? null });
    };
    const listener: grpc.ServerListener = {
      onReceiveMetadata: (metadata, next) => {
        Promise.resolve()
          .then(() => authorize(path, callers.of(call), textMetadata(metadata), gone.signal))
          .then(() => next(metadata), (error: unknown) => gone.signal.aborted || refuse(error));
      },
      onCancel: () => gone.abort(new DOMException('the caller is gone', 'AbortError')),
    };
    return new grpc.ServerInterceptingCall(call, { start: (next) => next(listener) });
  };
}
