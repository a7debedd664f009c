import type { PeerCertificate, TLSSocket } from 'node:tls';
import { type Caller } from '../base/rpc.ts';
import { callerOf, type Proven } from './tls-callers.ts';

/** What a call tells of its connection: grpc-js's own calls and interceptors both have it. */
export interface CallOfConnection {
  getAuthContext(): { readonly sslPeerCertificate?: PeerCertificate };
}

/** Resolves when the caller may call this method; throws the refusal. See GrpcServerOptions. */
export type Authorize = (path: string, caller: Caller, metadata: Readonly<Record<string, string>>, signal: AbortSignal) => Promise<void>;

/**
 * Carries the proof of a handshake to each call of the connection. grpc-js shows a call nothing of its connection but the certificate it
 * asks the socket for: so the socket answers with one value of ours, which is looked up here. `otherwise` is who comes without TLS.
 */
export interface Callers {
  mark(socket: TLSSocket, proven: Proven | undefined): void;
  of(call: CallOfConnection): Caller;
}

export function createCallers(otherwise: () => Caller): Callers {
  const proofs = new WeakMap<object, { readonly proven: Proven | undefined }>();
  return {
    mark: (socket, proven) => {
      const mark = { raw: Buffer.alloc(1) } as PeerCertificate;
      proofs.set(mark, { proven });
      socket.authorized = true;
      socket.getPeerCertificate = (() => mark) as typeof socket.getPeerCertificate;
    },
    of: (call) => {
      const { sslPeerCertificate: mark } = call.getAuthContext();
      const proof = mark && proofs.get(mark);
      return proof ? callerOf(proof.proven) : otherwise();
    },
  };
}
