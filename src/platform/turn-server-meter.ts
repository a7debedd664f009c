/** Counts of events by address: who asks too often is not answered for a while. Both the meter and its memory are bounded. */
export interface Meter {
  /** False: too many. */
  take(nowMs: number): boolean;
}

/** `burst` at once, `perSecond` after that. */
export function meter(perSecond: number, burst: number): Meter {
  let left = burst;
  let atMs = 0;
  return {
    take: (nowMs) => {
      left = Math.min(burst, left + (Math.max(0, nowMs - atMs) / 1000) * perSecond);
      atMs = nowMs;
      if (left < 1) return false;
      left -= 1;
      return true;
    },
  };
}

const sourcesMax = 4_096;

/** A meter for each source; the one that was silent longest is forgotten when there are too many. */
export function sourceMeters(perSecond: number, burst: number): (source: string, nowMs: number) => boolean {
  const meters = new Map<string, Meter>();
  return (source, nowMs) => {
    const known = meters.get(source) ?? meter(perSecond, burst);
    meters.delete(source);
    meters.set(source, known);
    const [oldest] = meters.keys();
    if (meters.size > sourcesMax && oldest !== undefined) meters.delete(oldest);
    return known.take(nowMs);
  };
}

/** What counts as one source: an IPv4 address, or an IPv6 network of 64 bits, which one machine has to itself. */
export function sourceOf(ip: string): string {
  if (!ip.includes(':')) return ip;
  const [head = '', tail] = ip.split('::');
  const words = head === '' ? [] : head.split(':');
  const missing = tail === undefined ? 0 : 8 - words.length - (tail === '' ? 0 : tail.split(':').length);
  return [...words, ...Array<string>(Math.max(0, missing)).fill('0')].slice(0, 4).join(':');
}
