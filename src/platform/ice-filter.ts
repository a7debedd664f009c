import { type StunMessage } from './stun-message.ts';

/**
 * What of a shared socket is for the ICE library. Its messages begin like WireGuard's (a first byte of 0 to 3), so the magic cookie tells them
 * apart (RFC 8489, section 5); WireGuard's have three zeros after the first byte, which no STUN message that we know has.
 */
export function isStun(bytes: Buffer): boolean {
  return bytes.length >= 20 && bytes.readUInt32BE(4) === 0x2112a442 && bytes.readUInt16BE(2) === bytes.length - 20 && !isWireguard(bytes);
}

function isWireguard(bytes: Buffer): boolean {
  const type = bytes.readUInt32LE(0);
  return type >= 1 && type <= 4;
}

/**
 * The library takes a check without a proof of who sent it for a good one, so such checks end here (RFC 8445, section 7.3: the short-term
 * credential is needed). Roles are agreed before, by who offered, so a check of our own role is none of this session either.
 */
export function mayReachAgent(message: StunMessage, controlling: boolean): boolean {
  return message.kind !== 'request' || (message.hasIntegrity && message.iceRole === (controlling ? 'controlled' : 'controlling'));
}
