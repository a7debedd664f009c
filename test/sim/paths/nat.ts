import { formatIp, joinHostPort, parseIp, splitHostPort } from '../../../src/base/ip.ts';
import { type Clock } from '../../../src/base/clock.ts';
import { between, type Random } from '../../../src/base/random.ts';

/** Kinds of routers, by RFC 4787: how they map, and what they let in. */
export type NatKind =
  /** No translation, no filter. */
  | 'open'
  /** One outside port whoever is spoken to; lets in everybody, whom it spoke to by address, by address and port. */
  | 'cone' | 'address' | 'port'
  /** Another outside port for each other end, and lets in only that end. */
  | 'hard'
  /** No UDP passes; TCP does. */
  | 'blocked';

interface Mapping {
  readonly inside: string;
  readonly spoken: Map<string, number>;
  lastMs: number;
}

const idleMs = 90_000;

/** One router: what is behind it shares its address. */
export class Router {
  publicIp: string;
  readonly kind: NatKind;
  readonly hairpin: boolean;
  /** Grows when it forgets everything. */
  life = 0;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #byPort = new Map<number, Mapping>();
  readonly #byInside = new Map<string, number>();
  /** Every outside port that it ever gave: none twice, or a peer that still sends to an old one would come in by luck, against all theory. */
  readonly #given = new Set<number>();
  /** Outside ports that its owner had mapped. */
  readonly #forwarded = new Map<number, string>();

  constructor(publicIp: string, kind: NatKind, hairpin: boolean, clock: Clock, random: Random) {
    this.publicIp = publicIp;
    this.kind = kind;
    this.hairpin = hairpin;
    this.#clock = clock;
    this.#random = random;
  }

  reboot(publicIp: string): void {
    this.publicIp = publicIp;
    this.life++;
    this.#byPort.clear();
    this.#byInside.clear();
  }

  forward(port: number, inside: string): void {
    this.#forwarded.set(port, inside);
  }

  forwards(): boolean {
    return this.#forwarded.size > 0;
  }

  /** The address that the other end sees; null: dropped. */
  out(inside: string, to: string): string | null {
    if (this.kind === 'blocked') return null;
    if (this.kind === 'open') return inside;
    for (const [port, mapped] of this.#forwarded) if (mapped === inside) return joinHostPort(this.publicIp, port);
    const key = this.kind === 'hard' ? `${inside}>${to}` : inside;
    let port = this.#byInside.get(key);
    const live = port === undefined ? undefined : this.#byPort.get(port);
    if (port === undefined || !live || this.#clock.nowMs() - live.lastMs > idleMs) {
      if (port !== undefined) this.#byPort.delete(port);
      do port = between(this.#random, 20_000, 60_000); while (this.#given.has(port));
      this.#given.add(port);
      this.#byInside.set(key, port);
      this.#byPort.set(port, { inside, spoken: new Map(), lastMs: 0 });
    }
    const mapping = this.#byPort.get(port);
    if (mapping) {
      mapping.lastMs = this.#clock.nowMs();
      mapping.spoken.set(this.kind === 'address' ? hostOf(to) : to, this.#clock.nowMs());
    }
    return joinHostPort(this.publicIp, port);
  }

  /** Who inside gets what came to this outside port; null: dropped. */
  in(port: number, from: string): string | null {
    const forwarded = this.#forwarded.get(port);
    if (forwarded !== undefined) return forwarded;
    const mapping = this.#byPort.get(port);
    if (!mapping || this.#clock.nowMs() - mapping.lastMs > idleMs) return null;
    if (this.kind === 'cone') return mapping.inside;
    const spokenMs = mapping.spoken.get(this.kind === 'address' ? hostOf(from) : from);
    return spokenMs !== undefined && this.#clock.nowMs() - spokenMs <= idleMs ? mapping.inside : null;
  }
}

export function hostOf(endpoint: string): string {
  return splitHostPort(endpoint)?.host ?? '';
}

export function portOf(endpoint: string): number {
  return splitHostPort(endpoint)?.port ?? 0;
}

export function familyOf(endpoint: string): 4 | 6 {
  const ip = parseIp(hostOf(endpoint));
  return ip ? (formatIp(ip).includes(':') ? 6 : 4) : 4;
}
