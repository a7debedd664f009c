import { timingSafeEqual } from 'node:crypto';
import { type Clock } from '../base/clock.ts';
import { type Random } from '../base/random.ts';

/** How a browser gets in: a ticket opens the door once and is swapped for a cookie. Both are 192 random bits. */
export interface Tickets {
  issue(): string;
  /** The new cookie's value when the ticket is fresh; the ticket is used up by asking. */
  redeem(ticket: string): string | undefined;
  /** True for the cookie of a browser that came in. */
  admits(cookie: string): boolean;
}

/** Tickets live five minutes. Old tickets and cookies make room for new ones, so neither list grows. */
export const limits = { ticketsMax: 16, cookiesMax: 16, ticketLifeMs: 5 * 60_000, secretBytes: 24 } as const;

export function createTickets(clock: Clock, random: Random): Tickets {
  let tickets: { secret: string; dueMs: number }[] = [];
  let cookies: string[] = [];
  const secret = (): string => Buffer.from(random.bytes(limits.secretBytes)).toString('base64url');
  return {
    issue: () => {
      const fresh = { secret: secret(), dueMs: clock.monotonicMs() + limits.ticketLifeMs };
      tickets = [...tickets, fresh].slice(-limits.ticketsMax);
      return fresh.secret;
    },
    redeem: (ticket) => {
      const found = tickets.find((known) => equal(known.secret, ticket));
      tickets = tickets.filter((known) => known !== found);
      if (found === undefined || found.dueMs < clock.monotonicMs()) return undefined;
      const cookie = secret();
      cookies = [...cookies, cookie].slice(-limits.cookiesMax);
      return cookie;
    },
    admits: (cookie) => cookies.some((known) => equal(known, cookie)),
  };
}

function equal(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
