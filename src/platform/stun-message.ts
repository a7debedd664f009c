import { formatIp, joinHostPort, parseIp } from '../base/ip.ts';
import { wire } from './turn-library.ts';

/** STUN messages (RFC 8489) as this project reads and writes them: the library's codec, with types, and nothing thrown by what strangers send. */
export interface StunMessage {
  readonly method: number;
  readonly kind: 'request' | 'indication' | 'success' | 'error';
  /** 12 bytes, as hex. */
  readonly transaction: string;
  /** Whether it carries a proof of who sent it (section 14.5 or 14.6); the proof is not checked here. */
  readonly hasIntegrity: boolean;
  /** Of a check (RFC 8445, section 7.1.3); null: it is none. */
  readonly iceRole: 'controlling' | 'controlled' | null;
  readonly useCandidate: boolean;
  /** `ip:port`, or null. */
  readonly mapped: string | null;
  readonly relayed: string | null;
  readonly peer: string | null;
  readonly data: Uint8Array | null;
  readonly errorCode: number | null;
  /** Seconds. */
  readonly lifetime: number | null;
}

interface Decoded {
  readonly method: number;
  readonly cls: number;
  readonly transactionId: Uint8Array;
  readonly attr: Readonly<Record<number, unknown>>;
  readonly integrity_offset: number | null;
  readonly integrity_sha256_offset: number | null;
}

/** The codec's own declarations leave some of its functions out. */
const codec = wire as unknown as {
  readonly ATTR: Readonly<Record<'MAPPED_ADDRESS' | 'XOR_MAPPED_ADDRESS' | 'XOR_RELAYED_ADDRESS' | 'XOR_PEER_ADDRESS' | 'DATA' | 'ERROR_CODE' | 'LIFETIME' | 'ICE_CONTROLLING' | 'ICE_CONTROLLED' | 'USE_CANDIDATE', number>>;
  encode_message(options: object): { readonly buf: Uint8Array; readonly transactionId: Uint8Array };
  decode_message(bytes: Uint8Array): Decoded | null;
  validateStunMessage(bytes: Uint8Array, password: string): Decoded | null;
};

export const methods = { binding: 0x001, allocate: 0x003, refresh: 0x004, send: 0x006, data: 0x007, createPermission: 0x008, channelBind: 0x009 } as const;
const kinds: ReadonlyMap<number, StunMessage['kind']> = new Map([[0x000, 'request'], [0x010, 'indication'], [0x100, 'success'], [0x110, 'error']]);

/** Null: no STUN, or broken. */
export function decodeStun(bytes: Uint8Array): StunMessage | null {
  try {
    const message = codec.decode_message(bytes);
    const kind = message && kinds.get(message.cls);
    return message && kind ? read(message, kind) : null;
  } catch {
    return null; // An attribute that is cut short: whoever sent it does not speak STUN.
  }
}

function read({ method, transactionId, attr, integrity_offset, integrity_sha256_offset }: Decoded, kind: StunMessage['kind']): StunMessage {
  const { ATTR } = codec;
  const data = attr[ATTR.DATA];
  const error = attr[ATTR.ERROR_CODE];
  const lifetime = attr[ATTR.LIFETIME];
  return {
    method, kind,
    transaction: Buffer.from(transactionId).toString('hex'),
    hasIntegrity: integrity_offset !== null || integrity_sha256_offset !== null,
    iceRole: attr[ATTR.ICE_CONTROLLING] !== undefined ? 'controlling' : attr[ATTR.ICE_CONTROLLED] !== undefined ? 'controlled' : null,
    useCandidate: attr[ATTR.USE_CANDIDATE] !== undefined,
    mapped: endpoint(attr[ATTR.XOR_MAPPED_ADDRESS]) ?? endpoint(attr[ATTR.MAPPED_ADDRESS]),
    relayed: endpoint(attr[ATTR.XOR_RELAYED_ADDRESS]),
    peer: endpoint(attr[ATTR.XOR_PEER_ADDRESS]),
    data: data instanceof Uint8Array ? data : null,
    errorCode: typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'number' ? error.code : null,
    lifetime: typeof lifetime === 'number' ? lifetime : null,
  };
}

function endpoint(value: unknown): string | null {
  if (typeof value !== 'object' || value === null || !('ip' in value) || !('port' in value)) return null;
  const ip = parseIp(String(value.ip));
  return ip ? joinHostPort(formatIp(ip), Number(value.port)) : null;
}

/** Whether a message that carries a proof was made with this password (RFC 8489, section 9.1.4). */
export function isProven(bytes: Uint8Array, password: string): boolean {
  try {
    return codec.validateStunMessage(bytes, password) !== null;
  } catch {
    return false;
  }
}

/** A question: from where do you see this? */
export function bindingRequest(): { readonly bytes: Buffer; readonly transaction: string } {
  const { buf, transactionId } = codec.encode_message({ method: methods.binding, cls: 0, attributes: [], fingerprint: true });
  return { bytes: Buffer.from(buf), transaction: Buffer.from(transactionId).toString('hex') };
}

/** Data for a peer of an allocation that has no channel yet (RFC 8656, section 11.1). */
export function sendIndication(host: string, port: number, data: Uint8Array): Buffer {
  const attributes = [{ type: codec.ATTR.XOR_PEER_ADDRESS, value: { ip: host, port } }, { type: codec.ATTR.DATA, value: data }];
  return Buffer.from(codec.encode_message({ method: methods.send, cls: 0x010, attributes, fingerprint: false }).buf);
}
