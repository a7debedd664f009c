/**
 * Two small protocols by which a router is asked to map a UDP port, both on its port 5351: PCP (RFC 6887) and its elder NAT-PMP (RFC 6886).
 * Bytes only; who answers and when is another file's.
 */
export const gatewayPort = 5351;

/** What a router granted. `address` is its outside; null where the protocol tells it separately. */
export interface Granted {
  readonly port: number;
  readonly address: string | null;
  readonly lifetimeSeconds: number;
}

/** A grant, the router's own number for its refusal, or null: this is no answer to our question. */
export type Reply = { readonly granted: Granted } | { readonly refused: number } | null;

const udp = 17;
const answerBit = 0x80;
const mapOpcode = 1;

/** PCP MAP (section 11.1). Lifetime 0 lets go. */
export function pcpMap({ local, nonce, port, suggested, lifetimeSeconds }: { readonly local: string; readonly nonce: Uint8Array; readonly port: number; readonly suggested: number; readonly lifetimeSeconds: number }): Buffer {
  const request = Buffer.alloc(60);
  request[0] = 2;
  request[1] = mapOpcode;
  request.writeUInt32BE(lifetimeSeconds, 4);
  mappedIpv4(local).copy(request, 8);
  request.set(nonce.subarray(0, 12), 24);
  request[36] = udp;
  request.writeUInt16BE(port, 40);
  request.writeUInt16BE(suggested, 42);
  mappedIpv4('0.0.0.0').copy(request, 44);
  return request;
}

/** The answer to `pcpMap`: its nonce must come back, so nobody else can answer. */
export function readPcpMap(reply: Buffer, request: Buffer): Reply {
  // A router that knows only NAT-PMP answers in its own version, with "unsupported version".
  if (reply.length >= 4 && reply[0] === 0 && reply[1] === (answerBit | mapOpcode)) return { refused: reply.readUInt16BE(2) || 1 };
  if (reply.length < 60 || reply[0] !== 2 || reply[1] !== (answerBit | mapOpcode)) return null;
  if (!reply.subarray(24, 42).equals(request.subarray(24, 42))) return null;
  const code = reply.readUInt8(3);
  if (code !== 0) return { refused: code };
  return { granted: { port: reply.readUInt16BE(42), address: ipv4From(reply.subarray(44, 60)), lifetimeSeconds: reply.readUInt32BE(4) } };
}

/** NAT-PMP: map UDP (section 3.3). Lifetime 0 with port 0 lets go. */
export function pmpMap({ port, suggested, lifetimeSeconds }: { readonly port: number; readonly suggested: number; readonly lifetimeSeconds: number }): Buffer {
  const request = Buffer.alloc(12);
  request[1] = mapOpcode;
  request.writeUInt16BE(port, 4);
  request.writeUInt16BE(suggested, 6);
  request.writeUInt32BE(lifetimeSeconds, 8);
  return request;
}

export function readPmpMap(reply: Buffer, request: Buffer): Reply {
  if (reply.length < 8 || reply[0] !== 0 || reply[1] !== (answerBit | mapOpcode)) return null;
  const code = reply.readUInt16BE(2);
  if (code !== 0) return { refused: code };
  if (reply.length < 16 || reply.readUInt16BE(8) !== request.readUInt16BE(4)) return null;
  return { granted: { port: reply.readUInt16BE(10), address: null, lifetimeSeconds: reply.readUInt32BE(12) } };
}

/** NAT-PMP: what is your outside address (section 3.2). */
export function pmpAddress(): Buffer {
  return Buffer.alloc(2);
}

export function readPmpAddress(reply: Buffer): Reply {
  if (reply.length < 8 || reply[0] !== 0 || reply[1] !== answerBit) return null;
  const code = reply.readUInt16BE(2);
  if (code !== 0) return { refused: code };
  return reply.length < 12 ? null : { granted: { port: 0, address: reply.subarray(8, 12).join('.'), lifetimeSeconds: 0 } };
}

function mappedIpv4(address: string): Buffer {
  return Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, ...address.split('.').map(Number)]);
}

function ipv4From(bytes: Buffer): string | null {
  return bytes.subarray(0, 12).equals(mappedIpv4('0.0.0.0').subarray(0, 12)) ? bytes.subarray(12).join('.') : null;
}
