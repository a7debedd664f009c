/** A point in time as the protocol has it: seconds since 1970, may be negative, and nanoseconds in [0, 1e9). */
export interface Instant {
  readonly seconds: bigint;
  readonly nanos: number;
}

/** Go's zero time, which old nodes write where they had none. */
export const zeroInstant: Instant = { seconds: -62_135_596_800n, nanos: 0 };
const lastSecond = 253_402_300_799n;
const daySeconds = 86_400n;

export function instantFromMs(ms: number): Instant {
  const whole = Math.floor(ms / 1000);
  return { seconds: BigInt(whole), nanos: Math.round((ms - whole * 1000) * 1e6) % 1_000_000_000 };
}

/** The text in which times sit in the replicated database: `2023-05-26 18:15:08.12 +0000 UTC`. Undefined outside the years 1 to 9999. */
export function goTimeText(instant: Instant): string | undefined {
  const parts = civil(instant);
  return parts && `${parts.date} ${parts.clock} +0000 UTC`;
}

/** RFC 3339 in UTC with up to nanoseconds, as Go's JSON writes it. */
export function rfc3339(instant: Instant): string | undefined {
  const parts = civil(instant);
  return parts && `${parts.date}T${parts.clock}Z`;
}

/**
 * Reads any form a time may have in the database or a snapshot: Go's text with any offset, RFC 3339, SQLite's own forms with and
 * without a zone. Undefined when it is no time.
 */
export function parseTime(text: string): Instant | undefined {
  const match = /^(\d{4})-(\d\d)-(\d\d)(?:[ T](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?)?(?:\s*(Z|[+-]\d\d:?\d\d))?(?:\s[A-Za-z+\-\d]{1,8})?(?:\sm=[+-][\d.]+)?$/.exec(text);
  if (!match) return undefined;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map((part) => Number(part ?? 0)) as [number, number, number, number, number, number];
  if (year < 1 || month < 1 || month > 12 || day < 1 || day > daysIn(year, month) || hour > 23 || minute > 59 || second > 59) return undefined;
  const offset = offsetSeconds(match[8] ?? 'Z');
  if (offset === undefined) return undefined;
  const seconds = daysFromCivil(year, month, day) * daySeconds + BigInt(hour * 3600 + minute * 60 + second) - offset;
  return { seconds, nanos: Number((match[7] ?? '').padEnd(9, '0')) };
}

function civil({ seconds, nanos }: Instant): { date: string; clock: string } | undefined {
  if (seconds < zeroInstant.seconds || seconds > lastSecond || nanos < 0 || nanos >= 1e9) return undefined;
  const inDay = Number(((seconds % daySeconds) + daySeconds) % daySeconds);
  const { year, month, day } = civilFromDays((seconds - BigInt(inDay)) / daySeconds);
  const two = (value: number): string => String(value).padStart(2, '0');
  const fraction = nanos === 0 ? '' : `.${String(nanos).padStart(9, '0').replace(/0+$/, '')}`;
  return {
    date: `${String(year).padStart(4, '0')}-${two(month)}-${two(day)}`,
    clock: `${two(Math.floor(inDay / 3600))}:${two(Math.floor(inDay / 60) % 60)}:${two(inDay % 60)}${fraction}`,
  };
}

function offsetSeconds(zone: string): bigint | undefined {
  if (zone === 'Z') return 0n;
  const [hours, minutes] = [Number(zone.slice(1, 3)), Number(zone.slice(-2))];
  if (hours > 23 || minutes > 59) return undefined;
  return BigInt((zone.startsWith('-') ? -1 : 1) * (hours * 3600 + minutes * 60));
}

// The proleptic Gregorian calendar by days since 1970, after Howard Hinnant's "chrono-Compatible Low-Level Date Algorithms".
function daysFromCivil(year: number, month: number, day: number): bigint {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return BigInt(era * 146_097 + dayOfEra - 719_468);
}

function civilFromDays(days: bigint): { year: number; month: number; day: number } {
  const z = Number(days) + 719_468;
  const era = Math.floor(z / 146_097);
  const dayOfEra = z - era * 146_097;
  const yearOfEra = Math.floor((dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365);
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shifted = Math.floor((5 * dayOfYear + 2) / 153);
  const month = shifted < 10 ? shifted + 3 : shifted - 9;
  return { year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day: dayOfYear - Math.floor((153 * shifted + 2) / 5) + 1 };
}

function daysIn(year: number, month: number): number {
  return month === 2 ? (year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28) : [4, 6, 9, 11].includes(month) ? 30 : 31;
}
