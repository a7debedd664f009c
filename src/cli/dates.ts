import { failure } from '../base/failure.ts';
import { duration } from './format.ts';

/** `2026-11-22 12:00 UTC`: the same for whoever reads it, wherever. */
export function moment(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

/** `in 3 h 12 min`, `4 d 2 h ago`. */
export function fromNow(ms: number, nowMs: number): string {
  return ms >= nowMs ? `in ${duration(ms - nowMs)}` : `${duration(nowMs - ms)} ago`;
}

const unitSeconds: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };

/** `90s`, `30m`, `24h`, `7d` as seconds. Fails with input.invalid. */
export function secondsOf(text: string): number {
  const [, count, unit] = /^(\d{1,7})([smhd])$/.exec(text.trim()) ?? [];
  const factor = unit === undefined ? undefined : unitSeconds[unit];
  if (count === undefined || factor === undefined) throw failure('input.invalid', { field: 'expires', problem: `--expires looks like 90s, 30m, 24h or 7d, not like "${text.slice(0, 32)}"` });
  return Number(count) * factor;
}
