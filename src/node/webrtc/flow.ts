import { type DataChannel } from '../path-ports.ts';

/** Datagrams that wait in the library: what is older than this is late already. */
export const lateBytes = 64 << 10;

/** Datagrams on a channel, one a message. Full means lost, as on any network. */
export interface Flow {
  /** False: dropped. */
  send(datagram: Uint8Array): boolean;
  close(): void;
}

/** `closed` is told once, when the channel ends by itself or by `close`. */
export function flow(channel: DataChannel, receive: (datagram: Uint8Array) => void, closed: () => void): Flow {
  let over = false;
  channel.onMessage((bytes) => {
    if (!over) receive(bytes);
  });
  const end = (): void => {
    if (over) return;
    over = true;
    closed();
  };
  void channel.closed.then(end);
  return {
    send: (datagram) => !over && channel.buffered() <= lateBytes && channel.send(datagram),
    close: () => {
      channel.close();
      end();
    },
  };
}
