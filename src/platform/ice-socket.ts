import { type Socket } from 'node:dgram';
import { closeUdp, connectUdp, openUdp, sendConnected } from './udp-socket.ts';

/**
 * One UDP socket that ICE and the tunnel share. It looks to the library like a socket of its own; once a pair is chosen it is connected to the
 * other end, which is the fastest way to carry, and speaks and listens to nobody else.
 */
export interface IceSocket {
  readonly family: 4 | 6;
  address(): { readonly address: string; readonly port: number; readonly family: string };
  /** As the library calls it. */
  send(bytes: Uint8Array, port: number, host: string, sent?: (error: Error | null) => void): void;
  connect(host: string, port: number): Promise<void>;
  /** On a connected socket. False: dropped. */
  carry(datagram: Uint8Array): boolean;
  close(): void;
}

export interface IceSocketEvents {
  message(bytes: Buffer, from: { readonly address: string; readonly port: number; readonly family: string }): void;
  /** The other end has no such port any more. */
  refused(): void;
}

/** Binds to one address, or to all of the family where there are several. */
export async function openIceSocket(family: 4 | 6, hosts: readonly string[], events: IceSocketEvents): Promise<IceSocket> {
  const [only] = hosts;
  const socket: Socket = await openUdp({ family, ...(hosts.length === 1 && only !== undefined ? { host: only } : {}) });
  let remote: { readonly host: string; readonly port: number } | null = null;
  let open = true;
  socket.on('message', (bytes, from) => events.message(bytes, from));
  socket.on('error', (error: NodeJS.ErrnoException) => {
    if (remote && error.code === 'ECONNREFUSED') events.refused();
  });
  return {
    family,
    address: () => socket.address(),
    send: (bytes, port, host, sent = () => {}) => {
      if (!open || (remote && (remote.host !== host || remote.port !== port))) return sent(null);
      if (remote) socket.send(bytes, sent);
      else socket.send(bytes, port, host, sent);
    },
    connect: async (host, port) => {
      await connectUdp(socket, port, host);
      remote = { host, port };
    },
    carry: (datagram) => open && remote !== null && sendConnected(socket, datagram),
    close: () => {
      open = false;
      closeUdp(socket);
    },
  };
}
