import { plainText } from '../../contract/plain-text.ts';
import { direction, locale, t } from '../words/spoken.svelte.ts';

/** Numbers, ages, sizes and names as a person reads them, in the language of the page; the only place of the page that does so. */

export { plainText };

/** `1.5 GB`: decimal units, three figures at most. */
export function bytes(count: number): string {
  const { units } = t.common;
  const power = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, Math.abs(count))) / 3)));
  const value = count / 1000 ** power;
  const rounded = value >= 100 || power === 0 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
  if (rounded === '1000' && power < units.length - 1) return apart(`${figure(1, 2)} ${units[power + 1]}`);
  return apart(`${figure(value, rounded.split('.')[1]?.length ?? 0)} ${units[power]}`);
}

/** `1.2 MB/s`. */
export function rate(bytesPerSecond: number | null): string {
  return bytesPerSecond === null ? '–' : t.common.perSecond(bytes(bytesPerSecond));
}

/** `12 s ago`, `5 min ago`, `3 h ago`, `2 days ago`; a moment in the future reads `now`. */
export function ago(atMs: number | null, nowMs: number): string {
  if (atMs === null) return t.common.never;
  const seconds = Math.floor((nowMs - atMs) / 1000);
  return seconds < 1 ? t.common.now : roughly(seconds, t.common.ago);
}

/** `in 23 h`; what is over reads `now`. */
export function ahead(atMs: number, nowMs: number): string {
  const seconds = Math.round((atMs - nowMs) / 1000);
  return seconds < 1 ? t.common.now : roughlyAhead(seconds, t.common.ahead);
}

/** `23 h`: what is left until a moment; what is over reads `now`. */
export function left(atMs: number, nowMs: number): string {
  const seconds = Math.round((atMs - nowMs) / 1000);
  return seconds < 1 ? t.common.now : roughlyAhead(seconds, t.common.span);
}

interface TimeWords {
  readonly s: (n: number) => string;
  readonly min: (n: number) => string;
  readonly h: (n: number) => string;
  readonly days: (n: number) => string;
}

/** One unit: `12 s`, `5 min`, `3 h`, `2 days`. */
function roughly(seconds: number, words: TimeWords): string {
  if (seconds < 60) return words.s(seconds);
  if (seconds < 3600) return words.min(Math.floor(seconds / 60));
  return seconds < 86_400 ? words.h(Math.floor(seconds / 3600)) : words.days(Math.floor(seconds / 86_400));
}

/** The second day is still counted in hours. */
function roughlyAhead(seconds: number, words: TimeWords): string {
  return seconds >= 86_400 && seconds < 172_800 ? words.h(Math.round(seconds / 3600)) : roughly(seconds, words);
}

/** Two units at most: `8 s`, `5 min`, `2 h 14 min`, `4 days 18 h`. */
export function span(ms: number): string {
  const words = t.common.span;
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  const days = Math.floor(hours / 24);
  if (days > 0) return hours % 24 > 0 ? t.common.spans(words.days(days), words.h(hours % 24)) : words.days(days);
  if (hours > 0) return minutes % 60 > 0 ? t.common.spans(words.h(hours), words.min(minutes % 60)) : words.h(hours);
  return minutes > 0 ? words.min(minutes) : words.s(seconds);
}

/** `12.3 ms`, `240 ms`, `1.4 s`. */
export function latency(ms: number | null): string {
  if (ms === null) return '–';
  if (ms >= 1000) return apart(t.common.seconds(figure(ms / 1000, 1)));
  return apart(t.common.milliseconds(figure(ms, ms >= 100 ? 0 : 1)));
}

/** A share between 0 and 1 as `42 %`. */
export function percent(share: number | null): string {
  return share === null ? '–' : t.common.percent(figure(share * 100, 0));
}

/** `2,000`. */
export function whole(count: number): string {
  return figure(count, 0);
}

/** `999`, `2k`, `10k`: a count where there is little room. */
export function shortCount(count: number): string {
  return kept(figureFormats, `${locale()} short`, () => new Intl.NumberFormat(locale(), { notation: 'compact', maximumFractionDigits: 0 })).format(count);
}

/** The ends of a public key: enough to compare two at a glance. */
export function shortKey(key: string): string {
  return key.length > 16 ? `${key.slice(0, 6)}…${key.slice(-5)}` : key;
}

/** What people and devices call themselves, made inert; nothing left of it reads as the given words, or as `without a name`. */
export function given(name: string, otherwise: string = t.common.withoutName): string {
  return plainText(name).slice(0, 64) || otherwise;
}

/** A fingerprint as two people compare it: eight groups of eight digits. Anything else stays one group. */
export function fingerprintGroups(fingerprint: string): readonly string[] {
  const digits = fingerprint.replace(/[^0-9a-f]/gi, '').toUpperCase();
  return digits.length === 64 ? (digits.match(/.{8}/g) ?? []) : [plainText(fingerprint)];
}

/** A day and time in the reader's zone: `22 Nov 2026, 09:04`. */
export function moment(atMs: number | null): string {
  return atMs === null || !isTime(atMs) ? t.common.unknown : apart(dateFormat('moment').format(atMs));
}

/** A day in the reader's zone: `22 Nov 2026`. */
export function day(atMs: number | null): string {
  return atMs === null || !isTime(atMs) ? t.common.noneYet : apart(dateFormat('day').format(atMs));
}

/** A time of day in the reader's zone: `09:04`. */
export function clockTime(atMs: number): string {
  return isTime(atMs) ? dateFormat('clock').format(atMs) : t.common.unknown;
}

/** A figure with a unit, or a date, among text that runs the other way: it keeps its own order (Unicode UAX 9, isolates). */
function apart(text: string): string {
  return direction() === 'rtl' ? `\u2068${text}\u2069` : text;
}

/** Times come from other machines too; a number that is no moment must not stop the page (ECMA-262, time values). */
function isTime(atMs: number): boolean {
  return Math.abs(atMs) <= 8.64e15;
}

const dateOptions = {
  day: { day: 'numeric', month: 'short', year: 'numeric' },
  moment: { day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit' },
  clock: { hour: '2-digit', minute: '2-digit' },
} as const satisfies Readonly<Record<string, Intl.DateTimeFormatOptions>>;

// Formats are dear to make and are asked for by each line of a list.
const dateFormats = new Map<string, Intl.DateTimeFormat>();
const figureFormats = new Map<string, Intl.NumberFormat>();

function dateFormat(kind: keyof typeof dateOptions): Intl.DateTimeFormat {
  return kept(dateFormats, `${locale()} ${kind}`, () => new Intl.DateTimeFormat(locale(), dateOptions[kind]));
}

/** A number with so many decimals: `0.42`. */
export function figure(value: number, digits: number): string {
  return kept(figureFormats, `${locale()} ${digits}`, () => new Intl.NumberFormat(locale(), { minimumFractionDigits: digits, maximumFractionDigits: digits })).format(value);
}

function kept<T>(formats: Map<string, T>, key: string, make: () => T): T {
  const known = formats.get(key) ?? make();
  formats.set(key, known);
  return known;
}
