import * as grpc from '@grpc/grpc-js';
import { abortError } from '../base/abort.ts';
import type { Identity } from '../base/identity.ts';
import { RpcError, type StatusCode, status } from '../base/rpc.ts';
import { type IdentitySource, type RemoteCallOptions, type RemoteCaller } from '../node/ports.ts';
import { openDuplex } from './grpc-duplex-call.ts';
import { type MeshCredentials, meshCredentials } from './grpc-credentials.ts';
import { rootOf } from './tls.ts';

const channelsMax = 64;
const messageBytesMax = 4 * 1024 * 1024;
/** Silence that makes the next call open a connection of its own: in a mesh, tunnels come and go under a connection, and TCP waits longer and longer. */
const stalledMs = 1_000;

/** Calls methods of other nodes. Channels are kept per address, the least used one is closed when there are too many. */
export interface GrpcCaller extends RemoteCaller {
  close(): void;
}

interface Held {
  readonly client: grpc.Client;
  /** With what it was opened: another identity opens another channel. */
  readonly identity: Identity | null;
  readonly credentials: MeshCredentials | undefined;
  /** A call on it got no answer for long: the connection may be one of a far end's earlier life, which only TCP's patience keeps. */
  stalled: boolean;
}

/** Over mTLS with what `identity` gives, in clear text while it gives null. A renewed identity is used by the next call. */
export function createGrpcCaller(identity: IdentitySource): GrpcCaller {
  const channels = new Map<string, Held>();

  function channelTo(address: string, expectId: string): Held {
    const own = identity();
    const key = own ? `${address} ${expectId}` : address;
    const held = channels.get(key);
    channels.delete(key);
    const fits = held?.identity === own && !held.stalled ? held : undefined;
    if (!fits) held?.client.close();
    const channel = fits ?? open(address, expectId, own);
    channels.set(key, channel);
    const [oldest] = channels.keys();
    if (channels.size > channelsMax && oldest !== undefined) {
      channels.get(oldest)?.client.close();
      channels.delete(oldest);
    }
    return channel;
  }

  return {
    unary: (address, path, request, options) => call(channelTo(address, options.expectId), path, request, options),
    duplex: (address, path, options) => {
      const held = channelTo(address, options.expectId);
      return openDuplex(held.client, path, options, (error) => refusal(held, error));
    },
    close: () => {
      for (const { client } of channels.values()) client.close();
      channels.clear();
    },
  };
}

function open(address: string, expectId: string, identity: Identity | null): Held {
  const credentials = identity ? meshCredentials({ identity, root: rootOf(identity), expectId }, address) : undefined;
  const client = new grpc.Client(`dns:${address}`, credentials?.credentials ?? grpc.credentials.createInsecure(), {
    'grpc.max_receive_message_length': messageBytesMax,
    // A node that comes back is found soon: the default waits up to two minutes.
    'grpc.initial_reconnect_backoff_ms': 200,
    'grpc.max_reconnect_backoff_ms': 3_000,
    'grpc.enable_retries': 0,
    'grpc.enable_http_proxy': 0,
    // A new channel is a new connection, also where an old one to the same address still hangs.
    'grpc.use_local_subchannel_pool': 1,
  });
  return { client, identity, credentials, stalled: false };
}

function call(held: Held, path: string, request: Uint8Array, { metadata, deadlineMs, signal }: RemoteCallOptions): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason ?? abortError());
    const startedMs = performance.now();
    const headers = new grpc.Metadata();
    for (const [key, value] of Object.entries(metadata)) headers.set(key, value);
    const ongoing = held.client.makeUnaryRequest(path, (bytes: Uint8Array) => Buffer.from(bytes), (bytes: Buffer) => new Uint8Array(bytes), request, headers, { deadline: Date.now() + deadlineMs }, (error, value) => {
      signal.removeEventListener('abort', abort);
      if (error && (signal.aborted || error.code === grpc.status.DEADLINE_EXCEEDED) && performance.now() - startedMs > stalledMs) held.stalled = true;
      if (error) return reject(signal.aborted ? (signal.reason ?? abortError()) : refusal(held, error));
      resolve(value ?? new Uint8Array());
    });
    const abort = (): void => ongoing.cancel();
    signal.addEventListener('abort', abort, { once: true });
  });
}

function refusal({ credentials }: Held, error: grpc.StatusObject): RpcError {
  return new RpcError(codeOf(error.code), error.details, credentials?.explain(error.details) ?? error);
}

const known: readonly number[] = Object.values(status);

function codeOf(code: number): StatusCode {
  return known.includes(code) ? (code as StatusCode) : status.unknown;
}
