import * as grpc from '@grpc/grpc-js';
import type { Failure } from '../base/failure.ts';
import { isFailure } from '../base/failure.ts';
import { dialTls, type TlsTarget } from './tls-dial.ts';

type Connector = grpc.experimental.SecureConnector;

/** Credentials of a channel whose TLS is ours. grpc-js reports a failed handshake as text inside another text: `explain` finds what it was. */
export interface MeshCredentials {
  readonly credentials: grpc.ChannelCredentials;
  /** The failure that made the text in which grpc-js says that it has no connection; undefined when it was no handshake of ours. */
  explain(details: string): Failure | undefined;
}

export function meshCredentials(target: TlsTarget, address: string): MeshCredentials {
  const made = new Credentials(target, address);
  return { credentials: made, explain: (details) => (made.problem && details.includes(String(made.problem)) ? made.problem : undefined) };
}

/** grpc-js makes the TCP connection and hands it over; what it gets back is proven. */
class Credentials extends grpc.ChannelCredentials {
  problem: Failure | undefined;
  readonly #target: TlsTarget;
  readonly #address: string;
  constructor(target: TlsTarget, address: string) {
    super();
    this.#target = target;
    this.#address = address;
  }

  override _isSecure(): boolean {
    return true;
  }

  /** Connections are never shared between two sets of credentials: they prove different things. */
  override _equals(other: grpc.ChannelCredentials): boolean {
    return other === this;
  }

  override _createSecureConnector(_target: unknown, _options: unknown, callCredentials?: grpc.CallCredentials): Connector {
    return {
      connect: async (socket) => {
        try {
          return { socket: (await dialTls(socket, this.#target, 'h2', this.#address)).socket, secure: true };
        } catch (error) {
          if (isFailure(error)) this.problem = error;
          throw error;
        }
      },
      waitForReady: async () => {},
      getCallCredentials: () => callCredentials ?? grpc.CallCredentials.createEmpty(),
      destroy: () => {},
    };
  }
}
