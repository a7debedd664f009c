import type { Port } from '../../contract/client.ts';
import { watchUnfinished } from './unfinished.ts';

/** What Electron's preload puts on the window: one half of a port, and where the app runs. */
export interface Bridge {
  send(message: unknown): void;
  onMessage(receive: (message: unknown) => void): void;
  readonly platform: string;
}

declare global {
  interface Window {
    readonly webmesh?: Bridge;
  }
}

/** How this page reaches the core: the preload's bridge in Electron, otherwise a WebSocket to where the page came from. */
export function carrierOf(page: Window): () => Port {
  const bridge = page.webmesh;
  if (bridge !== undefined) {
    const holdsUnfinished = watchUnfinished(page.document);
    return () => portOfBridge(bridge, holdsUnfinished);
  }
  const { protocol, host } = page.location;
  const address = `${protocol === 'https:' ? 'wss' : 'ws'}://${host}/ws`;
  return () => portOfSocket(new WebSocket(address));
}

/** The bridge lives as long as its page: it never closes before it. One question comes over it that is the shell's own: see main/unfinished. */
function portOfBridge(bridge: Bridge, holdsUnfinished: () => boolean): Port {
  return {
    send: (message) => bridge.send(message),
    onMessage: (receive) => bridge.onMessage((message) => {
      if (isQuestion(message)) bridge.send({ kind: 'unfinished', holds: holdsUnfinished() });
      else receive(message);
    }),
    onClose: () => {},
    close: () => {},
  };
}

function isQuestion(message: unknown): boolean {
  return typeof message === 'object' && message !== null && 'kind' in message && message.kind === 'unfinished?';
}

/** Messages sent while the socket opens wait for it; those sent to a closed one are dropped, its calls fail with onClose. */
export function portOfSocket(socket: WebSocket): Port {
  const early: string[] = [];
  socket.addEventListener('open', () => {
    for (const text of early.splice(0)) socket.send(text);
  });
  return {
    send: (message) => {
      const text = JSON.stringify(message);
      if (socket.readyState === WebSocket.CONNECTING) early.push(text);
      else if (socket.readyState === WebSocket.OPEN) socket.send(text);
    },
    onMessage: (receive) => socket.addEventListener('message', (event) => receive(JSON.parse(String(event.data)))),
    onClose: (closed) => socket.addEventListener('close', () => closed(), { once: true }),
    close: () => socket.close(),
  };
}
