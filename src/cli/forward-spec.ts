import { failure } from '../base/failure.ts';
import { parseIp } from '../base/ip.ts';

/** What `[LOCAL:]REMOTE` asks for. Port 0 here: any free one. No address there: the peer itself, on its loopback. */
export interface ForwardSpec {
  readonly localPort: number;
  readonly remoteAddress?: string;
  readonly remotePort: number;
}

const charactersMax = 64;
const forms = 'such as 8080, 9000:8080, 9000:192.168.1.5:80 or 9000:[fd00::5]:80';

/**
 * `PORT`: the same port on both ends. `LOCAL:PORT`, `LOCAL:ADDRESS:PORT`. `ADDRESS:PORT` takes any free local port. An IPv6 address stands
 * in brackets. Throws input.invalid.
 */
export function parseForward(text: string): ForwardSpec {
  const match = text.length > charactersMax ? null : /^(?:(\d{1,5}):)?(?:(\[[0-9A-Fa-f:.]+\]|[^:[\]\s]*[^:[\]\s\d][^:[\]\s]*):)?(\d{1,5})$/.exec(text);
  if (!match) throw wrong(`"${text.slice(0, charactersMax)}" is no forward; write it ${forms}`);
  const [, local, address, remote] = match;
  const remotePort = port(remote ?? '', 1);
  if (address === undefined) return { localPort: local === undefined ? remotePort : port(local, 0), remotePort };
  const bare = address.replace(/^\[|\]$/g, '');
  const ip = parseIp(bare);
  if (!ip || (ip.family === 6) !== address.startsWith('[')) throw wrong(`"${bare}" is no address; names are not looked up, and IPv6 stands in brackets`);
  return { localPort: local === undefined ? 0 : port(local, 0), remoteAddress: bare, remotePort };
}

function port(text: string, least: number): number {
  const value = Number(text);
  if (value < least || value > 65_535) throw wrong(`${text} is no port`);
  return value;
}

function wrong(problem: string): Error {
  return failure('input.invalid', { field: 'forward', problem });
}
