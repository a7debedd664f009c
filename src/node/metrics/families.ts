/** Figures of one name, as data: what the registry turns into text. Names and units as Prometheus has them: seconds, bytes, `_total` for what only grows. */
export interface Family {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly values: readonly FamilyValue[];
}

export interface FamilyValue {
  readonly labels: Labels;
  readonly value: number;
  /** `_bucket`, `_sum`, `_count` of a histogram. */
  readonly suffix?: string;
}

export type Labels = Readonly<Record<string, string>>;
/** One row of a family; a value that is null is not known and left out. */
export type Row = readonly [labels: Labels, value: number | bigint | null];

export function gauge(name: string, help: string, ...rows: readonly Row[]): Family {
  return { name, help, type: 'gauge', values: valuesOf(rows) };
}

export function counter(name: string, help: string, ...rows: readonly Row[]): Family {
  return { name, help, type: 'counter', values: valuesOf(rows) };
}

export const noLabels: Labels = {};

function valuesOf(rows: readonly Row[]): readonly FamilyValue[] {
  return rows.flatMap(([labels, value]) => (value === null ? [] : [{ labels, value: Number(value) }]));
}
