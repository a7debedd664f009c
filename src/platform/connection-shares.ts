import type { Socket } from 'node:net';
import type { Caller } from '../base/rpc.ts';
import { parseIp } from '../base/ip.ts';

/** Parts of the connections that one kind of caller may hold at once: nobody crowds out the others. */
const anonymousPart = 1 / 4;
const onePart = 1 / 16;
const leastShare = 2;
/** How long a connection without a certificate lives: enough to enrol. */
const anonymousMs = 120_000;

/** Admits a proven or anonymous connection to its shares, or says no. Takes note of its end by itself. */
export function createShares(connectionsMax: number): (socket: Socket, caller: Caller) => boolean {
  const held = new Map<string, number>();
  const shareOf = (part: number): number => Math.max(leastShare, Math.floor(connectionsMax * part));
  const countOf = (name: string): number => held.get(name) ?? 0;

  return (socket, caller) => {
    const shares = sharesFor(socket, caller);
    if (shares.some(({ name, part }) => countOf(name) >= shareOf(part))) return false;
    for (const { name } of shares) held.set(name, countOf(name) + 1);
    const timer = caller.kind === 'anonymous' ? setTimeout(() => socket.destroy(), anonymousMs) : undefined;
    socket.once('close', () => {
      clearTimeout(timer);
      for (const { name } of shares) {
        held.set(name, countOf(name) - 1);
        if (countOf(name) === 0) held.delete(name);
      }
    });
    return true;
  };
}

function sharesFor(socket: Socket, caller: Caller): { readonly name: string; readonly part: number }[] {
  if (caller.kind === 'certified') return [{ name: `id ${caller.id}`, part: onePart }];
  return [{ name: 'anonymous', part: anonymousPart }, { name: `from ${sourceOf(socket.remoteAddress)}`, part: onePart }];
}

/** Whom to count an address for: whoever has one IPv6 address has 2^64 of them. */
export function sourceOf(address: string | undefined): string {
  const ip = parseIp(address ?? '');
  return ip?.family === 6 ? `6 ${ip.value >> 64n}` : String(address);
}
