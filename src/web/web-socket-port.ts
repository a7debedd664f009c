import { type RawData, type WebSocket } from 'ws';
import { type Port } from '../contract/client.ts';

/** How much may wait for a window that does not read, in bytes: a page in the background may be slow, a stuck one is cut off. */
const waitingBytesMax = 64 << 20;

/** One WebSocket as a port: a JSON value in each text message. Anything else ends the connection. */
export function webSocketPort(socket: WebSocket): Port {
  socket.on('error', () => socket.terminate());
  return {
    send: (message) => {
      if (socket.readyState !== socket.OPEN) return;
      socket.send(JSON.stringify(message));
      if (socket.bufferedAmount > waitingBytesMax) socket.terminate();
    },
    onMessage: (receive) => {
      socket.on('message', (data: RawData, binary: boolean) => {
        try {
          if (binary) throw new Error('binary');
          receive(JSON.parse(data.toString()));
        } catch {
          socket.close(1003); // Our page sends JSON only; there is nobody to explain it to.
        }
      });
    },
    onClose: (tell) => void socket.on('close', tell),
    close: () => socket.close(1001),
  };
}
