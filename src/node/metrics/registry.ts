import { type Gauge } from 'prom-client';
import { type Family } from './families.ts';

/** The text exposition format, version 0.0.4. */
export const textType = 'text/plain; version=0.0.4; charset=utf-8';

/**
 * The families as text. The library is loaded by the first scrape: a node that nobody scrapes starts without it. Its global registry, its
 * collectors and its servers are not used. Throws when two families have one name.
 */
export async function textOf(families: readonly Family[]): Promise<string> {
  const { Registry } = await import('prom-client');
  const registry = new Registry();
  for (const family of families) registry.registerMetric(metricOf(family));
  return registry.metrics();
}

/** A registry asks a metric for no more than this; the library's own kinds can only be counted up, not set to what an engine counted. */
function metricOf({ name, help, type, values }: Family): Gauge {
  const samples = values.map(({ labels, value, suffix }) => ({ labels, value, ...(suffix === undefined ? {} : { metricName: name + suffix }) }));
  return { name, help, type, get: async () => ({ name, help, type, values: samples, aggregator: 'omit' }) } as unknown as Gauge;
}
