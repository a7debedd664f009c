import { parseArgs } from 'node:util';
import { type Attack, endAll } from './attack.ts';
import { attacks } from './cases/attacks.ts';

const usage = `usage: npm run attacks -- [options]
  --only TEXT      attacks whose name holds the text; may be given more than once
  --list           their names`;

/** Nothing here takes longer; what hangs is a finding. */
const attackMs = 120_000;

const { values } = parseArgs({ options: { only: { type: 'string', multiple: true }, list: { type: 'boolean' }, help: { type: 'boolean' } } });
const chosen = attacks.filter(({ name }) => values.only === undefined || values.only.some((text) => name.includes(text)));
const widths = { name: 38, aim: 22, expected: 44, seen: 44 };

if (values.help === true || chosen.length === 0) {
  console.log(usage);
  process.exitCode = values.help === true ? 0 : 2;
} else if (values.list === true) {
  for (const { name, aim } of chosen) console.log(`${name.padEnd(widths.name)} ${aim}`);
} else {
  process.exitCode = (await runAll()) ? 0 : 1;
  // Sockets of attackers may still be half open.
  setTimeout(() => process.exit(), 2_000).unref();
}

/** Runs them one after the other and prints one row each. True when each was held off and each counter-proof worked. */
async function runAll(): Promise<boolean> {
  const startedMs = performance.now();
  const count = { held: 0, broken: 0, skipped: 0 };
  console.log(row('attack', 'aimed at', 'expected', 'seen', 'ok'));
  for (const attack of chosen) count[await run(attack)]++;
  await endAll();
  console.log(`${chosen.length} attacks: ${count.held} held off, ${count.broken} not, ${count.skipped} skipped; ${((performance.now() - startedMs) / 1000).toFixed(1)} s`);
  return count.broken === 0;
}

async function run({ name, aim, expected, missing, attack, counter }: Attack): Promise<'held' | 'broken' | 'skipped'> {
  const lacks = missing?.();
  const wanted = typeof expected === 'string' ? expected : expected.source;
  if (lacks !== undefined) {
    console.log(row(name, aim, wanted, `skipped: needs ${lacks}`, '-'));
    return 'skipped';
  }
  // The permitted one first: what it needs must stand before anybody attacks it.
  const allowed = await outcome(counter);
  const seen = await outcome(attack);
  const fits = typeof expected === 'string' ? seen.text === expected : expected.test(seen.text);
  const held = fits && seen.threw === undefined && allowed.threw === undefined;
  console.log(row(name, aim, wanted, seen.text, held ? 'yes' : 'NO'));
  if (allowed.threw) console.log(`    the permitted caller failed: ${allowed.text}`);
  if (seen.threw) console.log(`    ${seen.threw.stack ?? seen.text}`);
  return held ? 'held' : 'broken';
}

async function outcome(work: () => Promise<unknown>): Promise<{ text: string; threw?: Error }> {
  try {
    return { text: String(await Promise.race([work(), late()])) };
  } catch (error) {
    const threw = error instanceof Error ? error : new Error(String(error));
    return { text: threw.message, threw };
  }
}

function late(): Promise<never> {
  return new Promise((_, reject) => setTimeout(() => reject(new Error(`took longer than ${attackMs} ms`)), attackMs).unref());
}

function row(name: string, aim: string, expected: string, seen: string, ok: string): string {
  const cell = (text: string, width: number): string => (text.length > width ? `${text.slice(0, width - 1)}…` : text).padEnd(width);
  return `${cell(name, widths.name)} ${cell(aim, widths.aim)} ${cell(expected, widths.expected)} ${seen.length > widths.seen ? seen : seen.padEnd(widths.seen)} ${ok}`;
}
