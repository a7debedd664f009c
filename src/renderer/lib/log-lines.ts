/** One line of the app's log as the page shows it. */
export interface LogLine {
  readonly time: string;
  readonly level: string;
  readonly scope: string;
  readonly event: string;
  readonly rest: string;
}

/** Reads a JSON line {t, level, scope, event, …}; a line of another shape is shown as it is. */
export function readLogLine(line: string): LogLine {
  const value = parsed(line);
  if (value === null) return { time: '', level: '', scope: '', event: line, rest: '' };
  const { t, level, scope, event, ...rest } = value;
  return {
    time: timeOf(t), level: String(level ?? ''), scope: String(scope ?? ''), event: String(event ?? ''),
    rest: Object.entries(rest).map(([key, v]) => `${key}=${typeof v === 'string' ? v : JSON.stringify(v)}`).join(' '),
  };
}

/** `09:04:12` of an RFC 3339 text or of milliseconds since 1970, in UTC. */
function timeOf(t: unknown): string {
  const text = typeof t === 'number' && Number.isFinite(t) ? new Intl.DateTimeFormat('sv-SE', { dateStyle: 'short', timeStyle: 'medium', timeZone: 'UTC' }).format(t) : String(t ?? '');
  return /\d\d:\d\d:\d\d/.exec(text)?.[0] ?? '';
}

function parsed(line: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : null;
  } catch {
    // Not every line in a log file is ours.
    return null;
  }
}
