import * as grpc from '@grpc/grpc-js';
import { abortError } from '../base/abort.ts';
import { RpcError, type StatusCode, status } from '../base/rpc.ts';
import { type IdentitySource, type RemoteCallOptions, type RemoteCaller } from '../node/ports.ts';

const channelsMax = 64;
const messageBytesMax = 4 * 1024 * 1024;

/** Calls single methods of other nodes. Channels are kept per address, the least used one is closed when there are too many. */
export interface GrpcCaller extends RemoteCaller {
  close(): void;
}

/** Over mTLS with what `identity` gives, in clear text while it gives null. */
export function createGrpcCaller(identity: IdentitySource): GrpcCaller {
  const clients = new Map<string, grpc.Client>();

  function clientOf(address: string): grpc.Client {
    const held = clients.get(address);
    clients.delete(address);
    const client = held ?? new grpc.Client(`dns:${address}`, grpc.credentials.createInsecure(), {
      'grpc.max_receive_message_length': messageBytesMax,
      // A node that comes back is found soon: the default waits up to two minutes.
      'grpc.initial_reconnect_backoff_ms': 200,
      'grpc.max_reconnect_backoff_ms': 3_000,
      'grpc.enable_retries': 0,
      'grpc.enable_http_proxy': 0,
    });
    clients.set(address, client);
    const [oldest] = clients.keys();
    if (clients.size > channelsMax && oldest !== undefined) {
      clients.get(oldest)?.close();
      clients.delete(oldest);
    }
    return client;
  }

  return {
    unary: (address, path, request, options) => {
      if (identity() !== null) return Promise.reject(new RpcError(status.unavailable, 'no TLS'));
      return call(clientOf(address), path, request, options);
    },
    close: () => {
      for (const client of clients.values()) client.close();
      clients.clear();
    },
  };
}

function call(client: grpc.Client, path: string, request: Uint8Array, { metadata, deadlineMs, signal }: RemoteCallOptions): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason ?? abortError());
    const headers = new grpc.Metadata();
    for (const [key, value] of Object.entries(metadata)) headers.set(key, value);
    const ongoing = client.makeUnaryRequest(path, (bytes: Uint8Array) => Buffer.from(bytes), (bytes: Buffer) => new Uint8Array(bytes), request, headers, { deadline: Date.now() + deadlineMs }, (error, value) => {
      signal.removeEventListener('abort', abort);
      if (error) return reject(signal.aborted ? (signal.reason ?? abortError()) : new RpcError(codeOf(error.code), error.details, error));
      resolve(value ?? new Uint8Array());
    });
    const abort = (): void => ongoing.cancel();
    signal.addEventListener('abort', abort, { once: true });
  });
}

const known: readonly number[] = Object.values(status);

function codeOf(code: number): StatusCode {
  return known.includes(code) ? (code as StatusCode) : status.unknown;
}
