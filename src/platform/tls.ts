import { constants } from 'node:crypto';
import type { Socket } from 'node:net';
import { type ConnectionOptions, createSecureContext, type SecureContext, type SecureContextOptions, type TLSSocket, type TlsOptions } from 'node:tls';
import { failure } from '../base/failure.ts';
import type { Identity } from '../base/identity.ts';
import { pki } from './pki.ts';
import type { Proven } from './tls-callers.ts';

/**
 * The one place that says how the product speaks TLS: gRPC, consensus and the web shell, serving and dialling. TLS 1.3 alone, no session
 * is ever resumed (who is at the other end is proved anew each time), each protocol has its own ALPN name, the mesh's root is the only
 * anchor. What the other end presents is judged by Pki.verifyChain; where we dial, OpenSSL must agree as well.
 */
export type Protocol = 'h2' | 'webmesh-raft';

/** How long an unfinished handshake may take, either way. */
export const handshakeMs = 10_000;

/** What every use of TLS has in common. */
export const tlsOnly13 = { minVersion: 'TLSv1.3', maxVersion: 'TLSv1.3', secureOptions: constants.SSL_OP_NO_TICKET } as const satisfies SecureContextOptions;

/** The mesh's root as an identity carries it: the only anchor of every dial and every listener. */
export function rootOf({ chain }: Identity): Uint8Array {
  const root = chain.at(-1);
  if (!root) throw failure('input.invalid', { field: 'identity', problem: 'no certificate' });
  return root;
}

/**
 * For tls.createServer. A certificate is asked for; who comes without one is anonymous, or not let in. OpenSSL gets no anchor here: it forgets
 * the presented chain of a client that it trusts (it then writes a ticket for a session that nobody may resume), and the chain is what we judge.
 */
export function serverOptions(identity: Identity, protocol: Protocol): TlsOptions {
  return { ...own(identity), ca: [], requestCert: true, rejectUnauthorized: false, ALPNProtocols: [protocol] };
}

/** For tls.connect over a connected socket. Without an identity the dial is anonymous. The verdict is provenBy's, right after the handshake. */
export function clientOptions(socket: Socket, identity: Identity | undefined, root: Uint8Array, protocol: Protocol): ConnectionOptions {
  return {
    socket, secureContext: identity ? contextOf(identity) : createSecureContext({ ...tlsOnly13, ca: [pemOf(root)] }),
    // Names are ours to compare, and none is shown to who listens on the way.
    servername: '', checkServerIdentity: () => undefined, rejectUnauthorized: false, ALPNProtocols: [protocol],
  };
}

/**
 * Whom the chain that was presented on this socket proves the other end to be; undefined when none was presented. Throws
 * auth.unauthenticated {problem: foreign | expired | not-yet-valid | malformed | protocol}. With `expiredOk` the end of its own certificate is overlooked.
 */
export function provenBy(socket: TLSSocket, root: Uint8Array, protocol: Protocol, options: { readonly expiredOk?: boolean } = {}): Proven | undefined {
  if (socket.getProtocol() !== 'TLSv1.3' || socket.alpnProtocol !== protocol || socket.isSessionReused()) throw failure('auth.unauthenticated', { problem: 'protocol' });
  const chain = presentedBy(socket);
  if (chain.length === 0) return undefined;
  const { kind, id, fingerprint, notAfterMs } = pki.verifyChain(chain, root, Date.now(), options);
  if (kind !== 'device') throw failure('auth.unauthenticated', { problem: 'malformed' });
  return { id, fingerprint, notAfterMs };
}

/** DER of the certificates that the other end presented, its own first, each signed (by name) by the next. Bounded. */
export function presentedBy(socket: TLSSocket): Uint8Array[] {
  const chain: Uint8Array[] = [];
  for (let certificate = socket.getPeerX509Certificate(); certificate && chain.length < presentedMax; certificate = certificate.issuerCertificate) chain.push(certificate.raw);
  return chain;
}

const presentedMax = 5;
const contexts = new WeakMap<Identity, SecureContext>();

/** Made once for each identity: reading keys is most of the work. */
function contextOf(identity: Identity): SecureContext {
  const held = contexts.get(identity);
  if (held) return held;
  const context = createSecureContext({ ...own(identity), ca: [pemOf(rootOf(identity))] });
  contexts.set(identity, context);
  return context;
}

function own(identity: Identity): SecureContextOptions {
  const { privateKey, chain } = identity;
  return { ...tlsOnly13, key: pemOf(privateKey, 'PRIVATE KEY'), cert: chain.map((der) => pemOf(der)).join('') };
}

/** RFC 7468. */
export function pemOf(der: Uint8Array, label = 'CERTIFICATE'): string {
  const lines = Buffer.from(der).toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}
