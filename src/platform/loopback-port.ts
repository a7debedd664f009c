import { joinHostPort } from '../base/ip.ts';
import { type LoopbackPort, type LoopbackPorts } from '../node/path-ports.ts';
import { closeUdp, connectUdp, openUdp, sendConnected } from './udp-socket.ts';

/**
 * UDP ports of this machine that WireGuard sends to. Each is connected to the tunnel's port, so nothing else on the machine is heard, and
 * WireGuard may start later or again: datagrams for a closed port are lost and nothing more.
 */
export const loopbackPorts: LoopbackPorts = { open: openLoopback };

const host = '127.0.0.1';

async function openLoopback(wireguardPort: number, receive: (datagram: Uint8Array) => void): Promise<LoopbackPort> {
  const socket = await openUdp({ family: 4, host });
  await connectUdp(socket, wireguardPort, host);
  socket.on('message', receive);
  let open = true;
  return {
    endpoint: joinHostPort(host, socket.address().port),
    deliver: (datagram) => {
      if (open) sendConnected(socket, datagram);
    },
    close: () => {
      open = false;
      closeUdp(socket);
    },
  };
}
