/** Text for terminals. What comes from other machines is stripped of control characters, which could rewrite the screen. */
export function plain(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, '\ufffd');
}

/** A value as JSON and a line end. JSON leaves the controls above ASCII as they are, of which some terminals take U+009B for an escape. */
export function jsonText(value: unknown, indent?: number): string {
  const escape = (letter: string): string => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return `${JSON.stringify(value ?? null, undefined, indent).replace(/[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, escape)}\n`;
}

/** A word as a POSIX shell takes it for what it is. Names come from other machines, and a person copies the line. */
export function shellWord(text: string): string {
  return /^[A-Za-z0-9][A-Za-z0-9._:@-]*$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

/** Rows under a heading, columns two spaces apart. Empty lists give the heading alone. */
export function table(heading: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [heading, ...rows].map((row) => row.map(plain));
  const widths = heading.map((_, column) => Math.max(...all.map((row) => width(row[column] ?? ''))));
  return all.map((row) => `${row.map((cell, column) => pad(cell, widths[column] ?? 0)).join('  ').trimEnd()}\n`).join('');
}

/** Names and values, one pair a line; pairs without a value are left out. */
export function pairs(list: readonly (readonly [string, string | null | undefined])[]): string {
  const shown = list.flatMap(([name, value]) => (value === null || value === undefined || value === '' ? [] : [[name, value] as const]));
  const nameWidth = Math.max(0, ...shown.map(([name]) => name.length));
  return shown.map(([name, value]) => `${pad(name, nameWidth)}  ${plain(value)}\n`).join('');
}

const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;

/** `1.5 MiB`, `512 B`. */
export function bytes(count: number): string {
  const step = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log2(Math.max(1, count)) / 10)));
  const value = count / 1024 ** step;
  return `${step === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[step]}`;
}

/** `9 s`, `4 min`, `3 h 12 min`, `5 d 2 h`. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 24 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

export function percent(part: number): string {
  return `${Math.round(part * 100)} %`;
}

function pad(text: string, to: number): string {
  return text + ' '.repeat(Math.max(0, to - width(text)));
}

function width(text: string): number {
  return [...text].length;
}
