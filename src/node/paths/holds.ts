import { type LoopbackPort, type LoopbackPorts } from '../path-ports.ts';

/**
 * Loopback ports that can be silenced. While a better path is tried, what still comes through the old carrier would have WireGuard roam back to
 * it, and an echo could not tell which way it went: the trial would prove nothing. Carriers get `ports`, the path finder gets `hold`.
 */
export interface Holds {
  readonly ports: LoopbackPorts;
  /** While held, datagrams are dropped both ways. An endpoint that is not open is ignored. */
  hold(localEndpoint: string, held: boolean): void;
}

export function createHolds(loopback: LoopbackPorts): Holds {
  const open = new Map<string, { held: boolean }>();

  async function openPort(wireguardPort: number, receive: (datagram: Uint8Array) => void): Promise<LoopbackPort> {
    const gate = { held: false };
    const port = await loopback.open(wireguardPort, (datagram) => {
      if (!gate.held) receive(datagram);
    });
    open.set(port.endpoint, gate);
    return {
      endpoint: port.endpoint,
      deliver: (datagram) => {
        if (!gate.held) port.deliver(datagram);
      },
      close: () => {
        if (open.get(port.endpoint) === gate) open.delete(port.endpoint);
        port.close();
      },
    };
  }

  return {
    ports: { open: openPort },
    hold: (localEndpoint, held) => {
      const gate = open.get(localEndpoint);
      if (gate) gate.held = held;
    },
  };
}
