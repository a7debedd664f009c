import { request } from 'node:http';
import { isIPv6 } from 'node:net';
import { failure } from '../base/failure.ts';
import type { PortalProbe } from '../core/ports.ts';

const linkCharactersMax = 500;

/**
 * What a network with a sign-in page does to a web request that is meant for somebody else: it answers 511 (RFC 6585, section 6), or it sends
 * the browser to a host of its own. A request goes to port 80 of a node of the mesh and to nobody else; only the head of the answer is read.
 */
export const portalProbe: PortalProbe = {
  look: (host, signal, port = 80) => new Promise((resolve, reject) => {
    const asked = request({ host, port, path: '/', signal, agent: false, maxHeaderSize: 8_192, headers: { host: isIPv6(host) ? `[${host}]` : host, connection: 'close' } });
    asked.once('response', (answer) => {
      answer.destroy();
      resolve(portalOf(host, answer.statusCode ?? 0, answer.headers.location));
    });
    asked.once('error', (error: NodeJS.ErrnoException) => {
      if (signal.aborted) reject(error);
      // It listens to nobody there, or speaks something else: the packets went where they should.
      else if (error.code === 'ECONNREFUSED' || error.code === 'ECONNRESET' || error.code?.startsWith('HPE_')) resolve(null);
      else reject(failure('mesh.unreachable', { address: host, message: error.code ?? 'no answer' }, error));
    });
    asked.end();
  }),
};

/** Where to sign in, or null where the answer may well be the asked host's own. */
export function portalOf(host: string, status: number, location: string | undefined): string | null {
  const own = `http://${isIPv6(host) ? `[${host}]` : host}/`;
  const target = location === undefined || location.length > linkCharactersMax || !URL.canParse(location, own) ? null : new URL(location, own);
  const isWeb = target !== null && (target.protocol === 'http:' || target.protocol === 'https:') && target.username === '' && target.password === '';
  if (status === 511) return isWeb ? target.href : own;
  const elsewhere = isWeb && target.hostname !== new URL(own).hostname;
  return elsewhere && [301, 302, 303, 307, 308].includes(status) ? target.href : null;
}
