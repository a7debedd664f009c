import type { IpcMain, IpcMainEvent, WebContents } from 'electron';
import { type Clock } from '../base/clock.ts';
import { failure, type Failure } from '../base/failure.ts';
import { type Log } from '../base/log.ts';
import { type Port } from '../contract/client.ts';
import { type Admission, meter, refusal, tooMany } from '../platform/message-limits.ts';
import { isOurPage } from './hardening.ts';
import { isPlainMessage } from './plain-message.ts';

/** The one channel between pages and app. */
export const channel = 'webmesh';

interface Carrier {
  readonly port: Port;
  receive(message: unknown): void;
  end(): void;
}

/**
 * Gives each window that attaches its own port to the core. The page is hostile: messages count only when they come from the top frame of
 * our own page, are small and plain, and do not come faster than a person or a script could mean them. A call that is not looked at is
 * answered with a Failure. A page that loads again attaches again, and its former port ends. What `hear` takes is for the shell itself.
 */
export function serveWindows(ipc: Pick<IpcMain, 'on'>, open: (port: Port) => void, log: Log, clock: Pick<Clock, 'monotonicMs'>, hear: (sender: number, message: unknown) => boolean = () => false): void {
  const carriers = new Map<number, Carrier>();
  // By window and not by carrier: a page could attach again and again.
  const meters = new Map<number, () => Admission>();
  const admit = (sender: WebContents): Admission => {
    const known = meters.get(sender.id);
    if (known !== undefined) return known();
    const fresh = meter(clock);
    meters.set(sender.id, fresh);
    sender.once('destroyed', () => meters.delete(sender.id));
    return fresh();
  };
  ipc.on(channel, (event, message: unknown) => {
    if (!isTrusted(event)) return log.warn('ipc.refused', { from: (event.senderFrame?.url ?? 'a frame that is gone').slice(0, 200) });
    const { sender } = event;
    const carrier = carriers.get(sender.id);
    const admission = admit(sender);
    if (admission === 'cut') return carrier?.end();
    if (admission === 'refuse') return refuse(carrier, message, tooMany());
    if (!isPlainMessage(message)) return refuse(carrier, message, failure('input.limit', { field: 'message', most: '1 MiB of plain values' }));
    if (hear(sender.id, message)) return;
    if (!isAttach(message)) return carrier?.receive(message);
    carrier?.end();
    const fresh = carrierOf(sender, () => {
      if (carriers.get(sender.id) === fresh) carriers.delete(sender.id);
    });
    carriers.set(sender.id, fresh);
    open(fresh.port);
  });
}

/** The top frame of a page of ours. A frame inside it, or a page that was navigated elsewhere, has no business here. */
export function isTrusted({ senderFrame }: Pick<IpcMainEvent, 'senderFrame'>): boolean {
  return senderFrame !== null && senderFrame.parent === null && isOurPage(senderFrame.url);
}

function refuse(carrier: Carrier | undefined, message: unknown, why: Failure): void {
  const answer = refusal(message, why);
  if (answer !== undefined) carrier?.port.send(answer);
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
    contents.off('destroyed', end);
    contents.off('render-process-gone', end);
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
