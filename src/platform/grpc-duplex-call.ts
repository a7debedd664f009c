import * as grpc from '@grpc/grpc-js';
import { abortError } from '../base/abort.ts';
import { RpcError, status } from '../base/rpc.ts';
import { type RemoteCallOptions, type RemoteStream } from '../node/ports.ts';

/** Begins a method whose both sides stream. `refused` makes the RpcError of a status; see RemoteCaller.duplex. */
export function openDuplex(client: grpc.Client, path: string, { metadata, deadlineMs, signal }: RemoteCallOptions, refused: (error: grpc.StatusObject) => RpcError): RemoteStream {
  const headers = new grpc.Metadata();
  for (const [key, value] of Object.entries(metadata)) headers.set(key, value);
  const stream = client.makeBidiStreamRequest(path, (bytes: Uint8Array) => Buffer.from(bytes), (bytes: Buffer) => new Uint8Array(bytes), headers, {});
  const ended = Promise.withResolvers<void>();
  let last: grpc.StatusObject | null = null;
  let late = false;
  const tooLate = setTimeout(() => {
    late = true;
    stream.cancel();
  }, deadlineMs);
  const abort = (): void => stream.cancel();
  // The status says the same, and an error without a listener would end the process.
  stream.on('error', () => {});
  stream.on('status', (told) => {
    last = told;
    clearTimeout(tooLate);
    signal.removeEventListener('abort', abort);
    ended.resolve();
  });
  // Also begins to read, so that the first message is seen before anybody asks for it.
  stream.once('readable', () => clearTimeout(tooLate));
  signal.addEventListener('abort', abort, { once: true });
  if (signal.aborted) abort();

  /** Throws what the status was, unless it was a good end. */
  const judge = async (): Promise<void> => {
    await ended.promise;
    if (last === null || last.code === grpc.status.OK) return;
    if (signal.aborted) throw signal.reason ?? abortError();
    throw late ? new RpcError(status.deadlineExceeded, 'no answer in time') : refused(last);
  };
  return {
    messages: messagesOf(stream, judge),
    write: (message) => last !== null || stream.writableEnded || stream.write(message),
    drained: async () => {
      if (last === null && stream.writableNeedDrain) await eitherOf(stream, 'drain', 'status');
    },
    end: () => void stream.end(),
    cancel: abort,
  };
}

/** The first of two events. Nothing of it stays behind on a stream that lives long. */
function eitherOf(stream: grpc.ClientDuplexStream<Uint8Array, Uint8Array>, one: string, other: string): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      stream.off(one, done).off(other, done);
      resolve();
    };
    stream.once(one, done).once(other, done);
  });
}

async function* messagesOf(stream: grpc.ClientDuplexStream<Uint8Array, Uint8Array>, judge: () => Promise<void>): AsyncGenerator<Uint8Array> {
  const values = stream.iterator({ destroyOnReturn: false }) as AsyncIterator<Uint8Array>;
  let whole = false;
  try {
    for (;;) {
      const step = await values.next().catch(() => ({ done: true as const, value: undefined }));
      if (step.done) break;
      yield step.value;
    }
    whole = true;
    await judge();
  } finally {
    // Who leaves the loop early does not want the rest.
    if (!whole) stream.cancel();
  }
}
