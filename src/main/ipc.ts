import type { IpcMain, IpcMainEvent, WebContents } from 'electron';
import { type Log } from '../base/log.ts';
import { type Port } from '../contract/client.ts';
import { isOurPage } from './hardening.ts';

/** The one channel between pages and app. */
export const channel = 'webmesh';

interface Carrier {
  readonly port: Port;
  receive(message: unknown): void;
  end(): void;
}

/**
 * Gives each window that attaches its own port to the core. Messages count only when they come from the top frame of our own page;
 * a page that loads again attaches again, and its former port ends.
 */
export function serveWindows(ipc: Pick<IpcMain, 'on'>, open: (port: Port) => void, log: Log): void {
  const carriers = new Map<number, Carrier>();
  ipc.on(channel, (event, message: unknown) => {
    if (!isTrusted(event)) return log.warn('ipc.refused', { from: event.senderFrame?.url ?? 'a frame that is gone' });
    const { sender } = event;
    if (!isAttach(message)) return carriers.get(sender.id)?.receive(message);
    carriers.get(sender.id)?.end();
    const carrier = carrierOf(sender, () => {
      if (carriers.get(sender.id) === carrier) carriers.delete(sender.id);
    });
    carriers.set(sender.id, carrier);
    open(carrier.port);
  });
}

/** The top frame of a page of ours. A frame inside it, or a page that was navigated elsewhere, has no business here. */
export function isTrusted({ senderFrame }: Pick<IpcMainEvent, 'senderFrame'>): boolean {
  return senderFrame !== null && senderFrame.parent === null && isOurPage(senderFrame.url);
}

function isAttach(message: unknown): boolean {
  return typeof message === 'object' && message !== null && 'kind' in message && message.kind === 'attach';
}

function carrierOf(contents: WebContents, forget: () => void): Carrier {
  const tellers: (() => void)[] = [];
  let receive: (message: unknown) => void = () => {};
  let ended = false;
  const end = (): void => {
    if (ended) return;
    ended = true;
    forget();
    for (const tell of tellers) tell();
  };
  contents.once('destroyed', end);
  contents.once('render-process-gone', end);
  return {
    port: {
      send: (message) => {
        if (!ended && !contents.isDestroyed()) contents.send(channel, message);
      },
      onMessage: (take) => {
        receive = take;
      },
      onClose: (tell) => void tellers.push(tell),
      close: end,
    },
    receive: (message) => receive(message),
    end,
  };
}
