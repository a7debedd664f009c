import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { abortError } from '../base/abort.ts';
import { type Failure, failure, isFailure } from '../base/failure.ts';
import type { Identity } from '../base/identity.ts';
import { splitHostPort } from '../base/ip.ts';
import { clientOptions, handshakeMs, presentedBy, type Protocol, provenBy, tlsOnly13 } from './tls.ts';
import type { Proven } from './tls-callers.ts';

/** Whom a dial must reach, and as whom it comes. */
export interface TlsTarget {
  /** Left out: anonymous, as one who enrols. */
  readonly identity?: Identity;
  readonly root: Uint8Array;
  readonly expectId: string;
  /** Take one whose certificate only ended: for the caller to judge. */
  readonly expiredOk?: boolean;
}

/**
 * Speaks TLS over a connected socket and proves who answers before a byte of ours is sent. Rejects, and closes the socket, with
 * auth.wrong-mesh {problem}, auth.expired, auth.clear-text, mesh.incompatible, mesh.timeout or mesh.unreachable, or when the signal aborts.
 */
export async function dialTls(socket: Socket, { identity, root, expectId, expiredOk = false }: TlsTarget, protocol: Protocol, address: string, signal?: AbortSignal): Promise<{ socket: TLSSocket; proven: Proven }> {
  const secure = await handshake(() => connectTls(clientOptions(socket, identity, root, protocol)), socket, address, signal);
  try {
    const proven = provenBy(secure, root, protocol, { expiredOk });
    // The type says Error; it is the code of OpenSSL's verdict.
    const verdict = secure.authorized ? '' : String(secure.authorizationError);
    if (proven && !secure.authorized && !(expiredOk && verdict === 'CERT_HAS_EXPIRED')) throw failure('auth.unauthenticated', { problem: 'foreign', verdict });
    if (!proven || proven.id !== expectId) throw failure('auth.wrong-mesh', { address, problem: 'another node', id: proven?.id ?? '' });
    return { socket: secure, proven };
  } catch (error) {
    secure.destroy();
    throw isFailure(error) && error.code === 'auth.unauthenticated' ? proofFailure(String(error.detail['problem']), address, error) : error;
  }
}

/** See MeshClient.probe: nothing that is learned here was verified. */
export async function probeTls(address: string, signal: AbortSignal): Promise<readonly Uint8Array[]> {
  const target = splitHostPort(address);
  if (!target) throw failure('input.invalid', { field: 'address', address });
  const socket = connectTcp({ ...target, noDelay: true });
  const options = { ...tlsOnly13, socket, ca: [], servername: '', rejectUnauthorized: false, checkServerIdentity: () => undefined, ALPNProtocols: ['h2'] };
  const secure = await handshake(() => connectTls(options), socket, address, signal);
  const chain = presentedBy(secure);
  secure.destroy();
  return chain;
}

function handshake(start: () => TLSSocket, socket: Socket, address: string, signal: AbortSignal | undefined): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const end = (error: unknown): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
      socket.destroy();
      reject(error);
    };
    const abort = (): void => end(signal?.reason ?? abortError());
    const timer = setTimeout(() => end(failure('mesh.timeout', { address, what: 'handshake', deadlineMs: handshakeMs })), handshakeMs);
    // For the whole life: an error after the handshake is told to whoever reads by the close.
    socket.on('error', (error) => end(handshakeFailure(error, address)));
    if (signal?.aborted) return abort();
    signal?.addEventListener('abort', abort, { once: true });
    let secure: TLSSocket;
    try {
      secure = start();
    } catch (error) {
      return end(failure('input.invalid', { field: 'identity', problem: 'unusable' }, error));
    }
    secure.on('error', (error) => end(handshakeFailure(error, address)));
    secure.once('close', () => end(failure('mesh.unreachable', { address, message: 'closed' })));
    secure.once('secureConnect', () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
      resolve(secure);
    });
  });
}

/** What OpenSSL says to bytes that are no TLS record. */
const noTls = /WRONG_VERSION_NUMBER|PACKET_LENGTH|HTTP_REQUEST|RECORD_LAYER|RECORD_TOO_SMALL|BAD_RECORD_TYPE|UNEXPECTED_MESSAGE|UNEXPECTED_RECORD|DECODE_ERROR/;
const otherTls = /ALERT|PROTOCOL|CIPHER|EXTENSION|EPROTO/;

function handshakeFailure(error: NodeJS.ErrnoException, address: string): Failure {
  const code = error.code ?? '';
  if (noTls.test(code) && !code.includes('ALERT')) return failure('auth.clear-text', { address }, error);
  if (code.startsWith('ERR_SSL') || otherTls.test(code)) return failure('mesh.incompatible', { address, problem: 'what answers there speaks another TLS' }, error);
  return failure('mesh.unreachable', { address, message: code === '' ? error.message : code }, error);
}

/** Why the one that answers is not whom we want, as the person at this end must hear it. */
function proofFailure(problem: string, address: string, cause: unknown): Failure {
  if (problem === 'expired' || problem === 'not-yet-valid') return failure('auth.expired', { address, problem }, cause);
  if (problem === 'protocol') return failure('mesh.incompatible', { address, problem: 'what answers there speaks another protocol' }, cause);
  return failure('auth.wrong-mesh', { address, problem: problem === 'foreign' ? 'another root' : 'unreadable certificates' }, cause);
}

