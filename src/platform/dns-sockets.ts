import { createSocket, type Socket } from 'node:dgram';
import { type DnsDatagrams, type DnsSockets } from '../node/path-ports.ts';
import { type ListenProblem } from '../node/ports.ts';
import { tcpSockets } from './sockets.ts';

/** Answers that wait in this process; more are dropped, and asked for again. */
const queuedBytesMax = 1 << 20;
/** Questions that wait in the system: so that who asks too much does not push out all others. The system may grant less. */
const receivedBytesMax = 1 << 20;

/** Datagrams and streams of the mesh's name service: one socket an address. */
export const dnsSockets: DnsSockets = {
  listenTcp: tcpSockets.listen,
  bindUdp: async (host, port, receive) => {
    const alone = await bound(host, port, false).catch((error: NodeJS.ErrnoException) => error);
    if (!(alone instanceof Error)) return datagrams(alone, false, receive);
    // A responder of multicast DNS has port 5353 on every address and lets others in. Whoever does not share it refuses this, too.
    const shared = alone.code === 'EADDRINUSE' ? await bound(host, port, true).catch(() => alone) : alone;
    return shared instanceof Error ? { ok: false, problem: problemOf(shared), message: shared.message } : datagrams(shared, true, receive);
  },
};

function bound(host: string, port: number, reuseAddr: boolean): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const isV6 = host.includes(':');
    const socket = createSocket({ type: isV6 ? 'udp6' : 'udp4', reuseAddr, ipv6Only: isV6, recvBufferSize: receivedBytesMax });
    socket.once('error', (error) => {
      socket.close();
      reject(error);
    });
    socket.bind({ address: host, port, exclusive: true }, () => {
      socket.removeAllListeners('error');
      // What comes later concerns one datagram, not the socket.
      socket.on('error', () => {});
      resolve(socket);
    });
  });
}

function datagrams(socket: Socket, shared: boolean, receive: Parameters<DnsSockets['bindUdp']>[2]): DnsDatagrams {
  let isOpen = true;
  socket.on('message', (message, { address, port }) => receive(message, { address, port }));
  return {
    ok: true, shared, port: socket.address().port,
    send: (message, { address, port }) => {
      if (isOpen && socket.getSendQueueSize() < queuedBytesMax) socket.send(message, port, address, () => {});
    },
    close: () => {
      if (isOpen) socket.close();
      isOpen = false;
    },
  };
}

function problemOf({ code }: NodeJS.ErrnoException): ListenProblem {
  if (code === 'EADDRINUSE') return 'in-use';
  if (code === 'EADDRNOTAVAIL' || code === 'EAFNOSUPPORT') return 'no-such-address';
  return code === 'EACCES' || code === 'EPERM' ? 'not-permitted' : 'other';
}
