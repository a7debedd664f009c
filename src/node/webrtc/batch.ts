/** Several datagrams in one message: u16 length | datagram, again and again. A message costs more than the bytes in it. */
export const batchMax = 16;
const messageBytesMax = 60_000;
const lengthBytes = 2;

/**
 * Datagrams on their way into messages. Each is copied once, to where it is sent from, and nothing is left to the garbage collector: with a
 * buffer for each datagram and each message, all of it together took a third of the main thread.
 */
export interface BatchWriter {
  /** Copies it. False: full, or of a length that cannot be written. */
  add(datagram: Uint8Array): boolean;
  readonly datagrams: number;
  /** Of the datagrams alone. */
  readonly bytes: number;
  /** Hands over each message, good until the next `add`, and is empty. */
  flush(send: (message: Uint8Array) => void): void;
}

export function createBatchWriter({ datagramsMax, bytesMax }: { readonly datagramsMax: number; readonly bytesMax: number }): BatchWriter {
  const store = Buffer.allocUnsafeSlow(bytesMax);
  /** Where each message ends. */
  const ends: number[] = [];
  let from = 0;
  let at = 0;
  let inMessage = 0;
  let datagrams = 0;
  let bytes = 0;
  const close = (): void => {
    if (inMessage > 0) ends.push(at);
    [from, inMessage] = [at, 0];
  };
  return {
    add: (datagram) => {
      const wanted = lengthBytes + datagram.length;
      if (datagrams >= datagramsMax || at + wanted > bytesMax || datagram.length === 0 || datagram.length > 0xffff) return false;
      if (inMessage >= batchMax || at - from + wanted > messageBytesMax) close();
      store.writeUInt16BE(datagram.length, at);
      store.set(datagram, at + lengthBytes);
      at += wanted;
      bytes += datagram.length;
      datagrams++;
      inMessage++;
      return true;
    },
    get datagrams() {
      return datagrams;
    },
    get bytes() {
      return bytes;
    },
    flush: (send) => {
      close();
      let start = 0;
      for (const end of ends) {
        send(store.subarray(start, end));
        start = end;
      }
      ends.length = 0;
      from = at = datagrams = bytes = 0;
    },
  };
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
