import type { HistoryView } from '../../contract/history.ts';

/**
 * A view as comma-separated values (RFC 4180): a line of names, then a line for each minute that was measured, with CRLF between. Times are
 * ISO 8601 in UTC, what was not measured is empty. `labels` are columns with one text all the way down, such as the name of the peer.
 */
export function csvOf({ startMs, stepMs, columns }: HistoryView, labels: Readonly<Record<string, string>> = {}): string {
  const names = Object.keys(columns);
  const before = Object.values(labels).map(field);
  const lines = [['time', ...Object.keys(labels), ...names.map(snake)].join(',')];
  const minutes = Math.max(0, ...names.map((name) => columns[name]?.length ?? 0));
  for (let i = 0; i < minutes; i++) {
    const values = names.map((name) => columns[name]?.[i] ?? null);
    if (values.every((value) => value === null)) continue;
    lines.push([new Date(startMs + i * stepMs).toISOString(), ...before, ...values.map((value) => (value === null ? '' : String(value)))].join(','));
  }
  return lines.map((line) => `${line}\r\n`).join('');
}

/**
 * A text as one field. Names are chosen by others, and spreadsheets take a cell that begins with = + - @, a tab or a line end for a
 * formula: an apostrophe before it makes it text (OWASP, CSV injection).
 */
export function field(text: string): string {
  const inert = /^[=+\-@\t\r\n]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(inert) ? `"${inert.replaceAll('"', '""')}"` : inert;
}

/** `receivedBytes` → `received_bytes`. */
function snake(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
