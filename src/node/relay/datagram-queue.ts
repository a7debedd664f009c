/** Limits of one direction of a relayed path. */
export const queueLimits = {
  /** Of one datagram; WireGuard's fit any path. */
  datagramBytesMax: 4_096,
  /** Of one message on a stream. */
  messageBytesMax: 64 * 1024, messageDatagramsMax: 128,
  /** What may wait. Beyond it the oldest are dropped: a packet that comes late is worth less than one that does not come. */
  queuedBytesMax: 256 * 1024,
} as const;

/** Datagrams on their way into a stream: bounded, the oldest dropped first, taken in batches. */
export interface DatagramQueue {
  push(datagram: Uint8Array): void;
  /** What goes into the next message, oldest first; empty when nothing waits. */
  batch(): Uint8Array[];
  readonly size: number;
  readonly dropped: number;
}

export function createDatagramQueue(): DatagramQueue {
  let waiting: Uint8Array[] = [];
  let from = 0;
  let bytes = 0;
  let dropped = 0;
  const shift = (): Uint8Array | undefined => {
    const datagram = waiting[from];
    if (datagram === undefined) return undefined;
    from += 1;
    bytes -= datagram.length;
    if (from > 256 && from * 2 > waiting.length) {
      waiting = waiting.slice(from);
      from = 0;
    }
    return datagram;
  };
  return {
    push: (datagram) => {
      if (datagram.length === 0 || datagram.length > queueLimits.datagramBytesMax) return void (dropped += 1);
      waiting.push(datagram);
      bytes += datagram.length;
      while (bytes > queueLimits.queuedBytesMax) {
        shift();
        dropped += 1;
      }
    },
    batch: () => {
      const taken: Uint8Array[] = [];
      let size = 0;
      for (;;) {
        const next = waiting[from];
        if (next === undefined || taken.length >= queueLimits.messageDatagramsMax || size + next.length > queueLimits.messageBytesMax) return taken;
        size += next.length;
        taken.push(next);
        shift();
      }
    },
    get size() {
      return waiting.length - from;
    },
    get dropped() {
      return dropped;
    },
  };
}

/** The datagrams of one message from outside. Undefined: it breaks the limits, and no honest node sent it. */
export function datagramsOf({ datagrams }: { readonly datagrams: readonly Uint8Array[] }): readonly Uint8Array[] | undefined {
  const fits = datagrams.length <= queueLimits.messageDatagramsMax && datagrams.every(({ length }) => length > 0 && length <= queueLimits.datagramBytesMax);
  return fits && datagrams.reduce((sum, { length }) => sum + length, 0) <= queueLimits.messageBytesMax ? datagrams : undefined;
}
