import { type Carrier, type CarrierEnd, type LoopbackPorts } from '../../path-ports.ts';

/** What a carrier is made of on the far side of the loopback port. */
export interface FarEnd {
  /** False: dropped. */
  send(datagram: Uint8Array): boolean;
  onDatagram(receive: (datagram: Uint8Array, from: string) => void): void;
  readonly ended: Promise<CarrierEnd>;
  close(): void;
}

export interface Spliced {
  readonly tier: Carrier['tier'];
  readonly via: string;
  /** Where the other end is, as far as it is known before anything came. */
  readonly remote: string;
  readonly wireguardPort: number;
}

/** Ties a far end to a loopback port that faces WireGuard. The far end is closed with the carrier, and when the port cannot be had. */
export async function splice(loopback: LoopbackPorts, far: FarEnd, { tier, via, remote, wireguardPort }: Spliced): Promise<Carrier> {
  let sentBytes = 0;
  let receivedBytes = 0;
  let dropped = 0;
  let seenFrom = remote;
  const port = await loopback.open(wireguardPort, (datagram) => {
    if (far.send(datagram)) sentBytes += datagram.length;
    else dropped++;
  }).catch((error: unknown) => {
    far.close();
    throw error;
  });
  far.onDatagram((datagram, from) => {
    receivedBytes += datagram.length;
    seenFrom = from;
    port.deliver(datagram);
  });
  void far.ended.then(() => port.close());
  return {
    tier, via,
    localEndpoint: port.endpoint,
    get remote() {
      return seenFrom;
    },
    counters: () => ({ sentBytes, receivedBytes, droppedDatagrams: dropped }),
    ended: far.ended,
    close: () => {
      far.close();
      port.close();
    },
  };
}
