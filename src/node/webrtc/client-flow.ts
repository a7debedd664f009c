import { type Clock } from '../../base/clock.ts';
import { type Target } from './destinations.ts';
import { type Flow, flow } from './flow.ts';
import { type Link } from './link.ts';

/** How long an end that is not ours is given to make its side of a stream, which it never confirms. */
export const strangerHoldMs = 250;
const waitingMax = 16;

export interface FlowEvents {
  receive(datagram: Uint8Array): void;
  refused(problem: string): void;
  closed(): void;
}

/** Datagrams to a destination of the far node; undefined: the connection has no more streams. The first ones wait until the far end is ready. */
export function openFlow(link: Link, target: Target, clock: Clock, on: FlowEvents): Flow | undefined {
  const waiting: Uint8Array[] = [];
  let ready = false;
  const begin = (): void => {
    if (ready) return;
    ready = true;
    cancel();
    for (const datagram of waiting.splice(0)) datagrams.send(datagram);
  };
  const stream = link.open(target, (frame) => {
    if (frame.kind === 'credit') begin();
    if (frame.kind === 'refused') {
      on.refused(frame.problem);
      datagrams.close();
    }
  });
  if (!stream) return undefined;
  const cancel = link.ours ? () => {} : clock.after(strangerHoldMs, begin);
  const datagrams = flow(stream.channel, (datagram) => {
    begin();
    on.receive(datagram);
  }, () => {
    cancel();
    on.closed();
  });
  return {
    send: (datagram) => (ready ? datagrams.send(datagram) : waiting.length < waitingMax && waiting.push(Uint8Array.from(datagram)) > 0),
    close: datagrams.close,
  };
}
