import { plainText } from '../../contract/words.ts';

/** Numbers, ages, sizes and names as a person reads them. English; the only place of the page that does so. */

export { plainText };

const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'] as const;

/** `1.5 GB`: decimal units, three figures at most. */
export function bytes(count: number): string {
  const power = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, Math.abs(count))) / 3)));
  const value = count / 1000 ** power;
  const rounded = value >= 100 || power === 0 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
  return rounded === '1000' && power < units.length - 1 ? `1.00 ${units[power + 1]}` : `${rounded} ${units[power]}`;
}

/** `1.2 MB/s`. */
export function rate(bytesPerSecond: number | null): string {
  return bytesPerSecond === null ? '–' : `${bytes(bytesPerSecond)}/s`;
}

/** `12 s ago`, `5 min ago`, `3 h ago`, `2 days ago`; a moment in the future reads `now`. */
export function ago(atMs: number | null, nowMs: number): string {
  if (atMs === null) return 'never';
  const seconds = Math.floor((nowMs - atMs) / 1000);
  return seconds < 1 ? 'now' : `${roughly(seconds)} ago`;
}

/** `in 23 h`; what is over reads `now`. */
export function ahead(atMs: number, nowMs: number): string {
  const seconds = Math.round((atMs - nowMs) / 1000);
  return seconds < 1 ? 'now' : `in ${seconds >= 86_400 && seconds < 172_800 ? `${Math.round(seconds / 3600)} h` : roughly(seconds)}`;
}

/** One unit: `12 s`, `5 min`, `3 h`, `2 days`. */
function roughly(seconds: number): string {
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h`;
  return plural(Math.floor(seconds / 86_400), 'day');
}

/** Two units at most: `8 s`, `5 min`, `2 h 14 min`, `4 days 18 h`. */
export function span(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  const days = Math.floor(hours / 24);
  if (days > 0) return hours % 24 > 0 ? `${plural(days, 'day')} ${hours % 24} h` : plural(days, 'day');
  if (hours > 0) return minutes % 60 > 0 ? `${hours} h ${minutes % 60} min` : `${hours} h`;
  return minutes > 0 ? `${minutes} min` : `${seconds} s`;
}

/** `12.3 ms`, `240 ms`, `1.4 s`. */
export function latency(ms: number | null): string {
  if (ms === null) return '–';
  if (ms >= 1000) return `${(ms / 1000).toFixed(1)} s`;
  return ms >= 100 ? `${Math.round(ms)} ms` : `${ms.toFixed(1)} ms`;
}

/** A share between 0 and 1 as `42 %`. */
export function percent(share: number | null): string {
  return share === null ? '–' : `${Math.round(share * 100)} %`;
}

/** `1 peer`, `9 peers`. */
export function plural(count: number, noun: string): string {
  return `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`;
}

/** The ends of a public key: enough to compare two at a glance. */
export function shortKey(key: string): string {
  return key.length > 16 ? `${key.slice(0, 6)}…${key.slice(-5)}` : key;
}

/** What people and devices call themselves, made inert; nothing left of it reads as the given words. */
export function given(name: string, otherwise = 'without a name'): string {
  return plainText(name).slice(0, 64) || otherwise;
}

/** A fingerprint as two people compare it: eight groups of eight digits. Anything else stays one group. */
export function fingerprintGroups(fingerprint: string): readonly string[] {
  const digits = fingerprint.replace(/[^0-9a-f]/gi, '').toUpperCase();
  return digits.length === 64 ? (digits.match(/.{8}/g) ?? []) : [plainText(fingerprint)];
}

/** A day and time in the reader's zone: `22 Nov 2026, 09:04`. */
export function moment(atMs: number | null): string {
  return atMs === null || !isTime(atMs) ? 'unknown' : momentFormat.format(atMs);
}

/** A day in the reader's zone: `22 Nov 2026`. */
export function day(atMs: number | null): string {
  return atMs === null || !isTime(atMs) ? 'none yet' : dayFormat.format(atMs);
}

/** A time of day in the reader's zone: `09:04`. */
export function clockTime(atMs: number): string {
  return isTime(atMs) ? clockFormat.format(atMs) : 'unknown';
}

/** Times come from other machines too; a number that is no moment must not stop the page (ECMA-262, time values). */
function isTime(atMs: number): boolean {
  return Math.abs(atMs) <= 8.64e15;
}

const dayFormat = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric' });
const momentFormat = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit' });
const clockFormat = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
