import * as grpc from '@grpc/grpc-js';
import { type Log } from '../base/log.ts';
import { refusals } from '../base/refusals.ts';
import { RpcError, status } from '../base/rpc.ts';
import { sourceOf } from './connection-shares.ts';
import { type Authorize, type Callers } from './grpc-callers.ts';
import { statusOf, textMetadata } from './grpc-handlers.ts';

/**
 * Asks the policy before anything of a call is read. As an interceptor of the whole server it stands before every method that is or will be
 * registered, whoever registered it: health and reflection too.
 */
export function authorizing(authorize: Authorize, callers: Callers, log: Log): grpc.ServerInterceptor {
  const strangers = createStrangers();
  return ({ path }, call) => {
    const gone = new AbortController();
    let release = (): void => {};
    const refuse = (error: unknown): void => {
      const { code = grpc.status.INTERNAL, details = '', metadata } = statusOf(error, { path }, log);
      release();
      call.sendStatus({ code, details, metadata: metadata ?? null });
    };
    const listener: grpc.ServerListener = {
      onReceiveMetadata: (metadata, next) => {
        const judge = async (): Promise<void> => {
          const caller = callers.of(call);
          await authorize(path, caller, textMetadata(metadata), gone.signal);
          // Who left already would never give a place back.
          gone.signal.throwIfAborted();
          if (caller.kind === 'anonymous') release = strangers.admit(sourceOf(call.getConnectionInfo().remoteAddress));
        };
        judge().then(() => next(metadata), (error: unknown) => gone.signal.aborted || refuse(error));
      },
      onCancel: () => {
        release();
        gone.abort(new DOMException('the caller is gone', 'AbortError'));
      },
    };
    const responder = new grpc.ResponderBuilder().withStart((next) => next(listener)).withSendStatus((last, next) => {
      release();
      next(last);
    });
    return new grpc.ServerInterceptingCall(call, responder.build());
  };
}

/** Calls of callers without a certificate at once, in all and from one source: what each may send before it is judged waits in memory. */
const strangersMax = 64;
const strangersPerSourceMax = 8;

/** `admit` answers what gives the place back; giving it back twice is no harm. Throws when there is none. */
function createStrangers(): { admit(source: string): () => void } {
  const held = new Map<symbol, string>();
  return {
    admit: (source) => {
      const fromSource = [...held.values()].filter((one) => one === source).length;
      if (held.size >= strangersMax || fromSource >= strangersPerSourceMax) throw new RpcError(status.resourceExhausted, refusals.tooManyTries);
      const place = Symbol(source);
      held.set(place, source);
      return () => void held.delete(place);
    },
  };
}
