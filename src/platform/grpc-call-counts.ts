import * as grpc from '@grpc/grpc-js';
import { type CallCounts } from '../node/path-ports.ts';

/**
 * Tells of every call of every method that the server has. It stands before the policy, so a refusal is a call with that status; a path that
 * no method has is answered by the library before it comes here, so strangers cannot make names.
 */
export function counting(counts: CallCounts): grpc.ServerInterceptor {
  return (method, call) => {
    const count = counts.open(method);
    const startMs = performance.now();
    let isOver = false;
    const over = (code: number): void => {
      if (isOver) return;
      isOver = true;
      count.handled(code, (performance.now() - startMs) / 1000);
    };
    const listener: grpc.ServerListener = {
      onReceiveMessage: (message, next) => {
        count.received();
        next(message);
      },
      onCancel: () => over(grpc.status.CANCELLED),
    };
    return new grpc.ServerInterceptingCall(call, new grpc.ResponderBuilder()
      .withStart((next) => next(listener))
      .withSendMessage((message, next) => {
        count.sent();
        next(message);
      })
      .withSendStatus((last, next) => {
        over(last.code ?? grpc.status.UNKNOWN);
        next(last);
      }).build());
  };
}
