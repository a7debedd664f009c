/** Several datagrams in one message: u16 length | datagram, again and again. A message costs more than the bytes in it. */
export const batchMax = 16;
const messageBytesMax = 60_000;

/** Splits what waits into messages. */
export function writeBatches(datagrams: readonly Uint8Array[]): readonly Uint8Array[] {
  const messages: Uint8Array[] = [];
  let parts: Uint8Array[] = [];
  let bytes = 0;
  for (const datagram of datagrams) {
    if (parts.length >= 2 * batchMax || bytes + datagram.length + 2 > messageBytesMax) {
      messages.push(Buffer.concat(parts));
      [parts, bytes] = [[], 0];
    }
    parts.push(Buffer.from([datagram.length >> 8, datagram.length & 255]), datagram);
    bytes += datagram.length + 2;
  }
  return parts.length > 0 ? [...messages, Buffer.concat(parts)] : messages;
}

/** Views into the message. Undefined: no such message, which is dropped whole. */
export function readBatch(message: Uint8Array): readonly Uint8Array[] | undefined {
  const datagrams: Uint8Array[] = [];
  for (let at = 0; at < message.length; ) {
    const length = ((message[at] ?? 0) << 8) | (message[at + 1] ?? 0);
    if (length === 0 || at + 2 + length > message.length || datagrams.length >= batchMax) return undefined;
    datagrams.push(message.subarray(at + 2, at + 2 + length));
    at += 2 + length;
  }
  return datagrams;
}
