import { type TrayHost } from '../platform/tray-host.ts';
import { type Closing } from './window-life.ts';

/**
 * What the close button does. Where nobody shows our icon, a hidden window could not be found again: while connected it is minimised, because
 * closing a window shall not cut a connection (`keeps`: a network is connected, or wished for); and when there is nothing to keep, closing is the way to quit.
 */
export function closingWith(host: TrayHost, keeps: boolean): Closing {
  if (host === 'there') return 'hide';
  return keeps ? 'minimize' : 'quit';
}
