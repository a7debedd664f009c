/**
 * npm test: everything a change must pass, in the order in which trouble is cheapest to see. Installs what is missing first.
 * Ends with one line: `N passed, N failed, N skipped`. What was skipped is named with the thing that was missing.
 *   --quick        types, lint, layers and unit tests only
 *   --seeds N      seeds of each simulation (default 400)
 *   --inputs N     inputs of each fuzzer (default 25000)
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs, stripVTControlCharacters } from 'node:util';
import { build, ensureEngine } from './lib/prepare.ts';
import { ensureDebian, environment, root, say, SetUpError } from './lib/set-up.mjs';

const { values: flags } = parseArgs({ options: { quick: { type: 'boolean' }, seeds: { type: 'string', default: '400' }, inputs: { type: 'string', default: '25000' } } });
const reports = join(root, 'test-results');
/** More files than this do not fail by chance. */
const againMax = 2;
/** A script that fails has its last lines printed again at the end. */
const lastLinesMax = 12;

interface Tally {
  passed: number;
  failed: number;
  skipped: number;
}

interface VitestReport {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly testResults: readonly { readonly name: string; readonly assertionResults: readonly { readonly status: string; readonly fullName: string; readonly failureMessages: readonly string[] }[] }[];
}

interface PlaywrightSuite {
  readonly suites?: readonly PlaywrightSuite[];
  readonly specs?: readonly { readonly file: string; readonly title: string; readonly ok: boolean; readonly tests: readonly { readonly status: string; readonly results: readonly { readonly error?: { readonly message?: string } }[] }[] }[];
}

interface PlaywrightReport {
  readonly suites: readonly PlaywrightSuite[];
  readonly stats: { readonly expected: number; readonly unexpected: number; readonly flaky: number; readonly skipped: number };
}

const tools = [
  { command: 'ip', package: 'iproute2', why: 'network namespaces' },
  { command: 'ping', package: 'iputils-ping', why: 'round trips in the tests' },
  { command: 'iperf3', package: 'iperf3', why: 'throughput in the demo' },
  { command: 'wg', package: 'wireguard-tools', why: 'the kernel engine' },
  { command: '/usr/bin/chromium', package: 'chromium', why: 'the window in a real browser' },
  { command: '/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf', package: 'fonts-dejavu-core', why: 'text on screenshots' },
  { command: 'nft', package: 'nftables', why: 'routers that translate addresses' },
  { command: 'dig', package: 'bind9-dnsutils', why: 'asking mesh DNS as others do' },
  // They bring services, which only root can keep from starting (see ensureDebian).
  ...(process.getuid?.() === 0 ? [
    { command: 'turnutils_uclient', package: 'coturn', why: 'another implementation at our TURN server' },
    { command: 'miniupnpd', package: 'miniupnpd', why: 'a router that opens ports when it is asked' },
  ] : []),
  { command: 'ps', package: 'procps', why: 'looking for left-over processes' },
  { command: 'qemu-system-x86_64', package: 'qemu-system-x86', why: 'a small machine whose kernel has WireGuard' },
  { command: 'busybox', package: 'busybox-static', why: 'the same' },
  { command: 'cpio', package: 'cpio', why: 'the same' },
  { command: 'modprobe', package: 'kmod', why: 'the same' },
  { command: 'xz', package: 'xz-utils', why: 'the same' },
];

const total: Tally = { passed: 0, failed: 0, skipped: 0 };
const problems: string[] = [];
/** The tests that failed, by file and name: what is printed far above is printed again where it is looked for. */
const failures: string[] = [];

rmSync(reports, { recursive: true, force: true });
mkdirSync(reports, { recursive: true });
try {
  await main();
} catch (error) {
  if (!(error instanceof SetUpError)) throw error;
  problems.push(error.message);
  total.failed++;
}
summary();

async function main(): Promise<void> {
  if (!flags.quick) for (const { command, why } of ensureDebian(tools, { required: false })) problems.push(`missing: ${command} (${why}); what needs it is skipped`);
  if (!flags.quick) ensureEngine();
  if (!flags.quick) spawnSync(process.execPath, [join(root, 'scripts/fetch-prometheus.ts')], { cwd: root, stdio: 'inherit' });
  build();
  await stage('types, lint, layers, unused code, lock file, API shape', ['scripts/check.ts', 'svelte-check', 'tsc', 'tsc-e2e', 'layers', 'knip', 'biome', 'buf-lint', 'buf-breaking', 'words', 'lock-gaps']);
  await vitest('unit tests', ['unit', 'whole', 'renderer']);
  if (flags.quick) return;
  await stage(`simulations, ${flags.seeds} seeds each`, ['test/sim/main.ts', '--seeds', flags.seeds]);
  await stage(`fuzzers, ${flags.inputs} inputs for each parser of outside bytes`, ['test/fuzz/main.ts', '--inputs', flags.inputs]);
  await stage('attacks', ['test/attacks/main.ts']);
  if (process.getuid?.() === 0) {
    await systemTests('system tests: namespaces, real tunnels, real kernel');
    await stage('the demo, with its host killed', ['scripts/demo.ts', '--once', '--kill-host']);
  } else skip(2, 'system tests and the demo need root for network namespaces');
  if (existsSync('/usr/bin/chromium')) await playwright();
  else skip(1, 'the window tests need /usr/bin/chromium');
}

/** A script whose exit code is its verdict: counts as one test. */
async function stage(name: string, args: readonly string[]): Promise<void> {
  const last: string[] = [];
  const code = await run(name, args, {}, last);
  if (code === 0) total.passed++;
  else fail(name, code);
  if (code !== 0) failures.push(...last.map((line) => `${name}: ${line}`));
}

async function vitest(name: string, projects: readonly string[]): Promise<void> {
  judge(name, await runVitest(name, projects, []));
}

/**
 * Real kernels, engines and clocks share the machine with whatever else it does. A file of these tests that fails is run once more, alone:
 * what then passes is counted as passed, and named, because a test that is often named here has a fault.
 */
async function systemTests(name: string): Promise<void> {
  const first = await runVitest(name, ['system'], []);
  const failed = first.counted?.testResults.filter(({ assertionResults }) => assertionResults.some(({ status }) => status === 'failed')) ?? [];
  if (first.code === 0 || failed.length === 0 || failed.length > againMax) return judge(name, first);
  const second = await runVitest(`${name}: once more`, ['system'], failed.map(({ name: file }) => file));
  if (second.code !== 0) return judge(name, second.counted ? { code: second.code, counted: merged(first.counted, second.counted) } : first);
  for (const { name: file, assertionResults } of failed) {
    for (const { status, fullName, failureMessages } of assertionResults) if (status === 'failed') problems.push(`failed once, passed when run again: ${relative(root, file)}: ${fullName}: ${firstLine(failureMessages[0])}`);
  }
  add(tallyOf(merged(first.counted, second.counted)), name, 0);
}

function judge(name: string, { code, counted }: VitestRun): void {
  for (const { name: file, assertionResults } of counted?.testResults ?? []) {
    for (const { status, fullName, failureMessages } of assertionResults) if (status === 'failed') failures.push(`${relative(root, file)}: ${fullName}: ${firstLine(failureMessages[0])}`);
  }
  add(tallyOf(counted), name, code);
}

/** The first run with the files of the second one put in the place of their former selves. */
function merged(first: VitestReport | null, second: VitestReport | null): VitestReport | null {
  if (!first || !second) return first;
  const testResults = [...first.testResults.filter(({ name }) => !second.testResults.some((again) => again.name === name)), ...second.testResults];
  const count = (wanted: string): number => testResults.flatMap(({ assertionResults }) => assertionResults).filter(({ status }) => status === wanted).length;
  return { ...first, testResults, numPassedTests: count('passed'), numFailedTests: count('failed') };
}

interface VitestRun {
  readonly code: number;
  readonly counted: VitestReport | null;
}

async function runVitest(name: string, projects: readonly string[], files: readonly string[]): Promise<VitestRun> {
  const report = join(reports, `${projects[0]}${files.length > 0 ? '-again' : ''}.json`);
  const code = await run(name, ['node_modules/vitest/vitest.mjs', 'run', ...projects.flatMap((p) => ['--project', p]), ...files, '--reporter=dot', '--reporter=json', `--outputFile.json=${report}`]);
  return { code, counted: existsSync(report) ? (JSON.parse(readFileSync(report, 'utf8')) as VitestReport) : null };
}

function tallyOf(counted: VitestReport | null): Tally {
  return { passed: counted?.numPassedTests ?? 0, failed: counted?.numFailedTests ?? 0, skipped: (counted?.numPendingTests ?? 0) + (counted?.numTodoTests ?? 0) };
}

async function playwright(): Promise<void> {
  const report = join(reports, 'playwright.json');
  const code = await run('the window: Electron (or its stand-in), web shell, screens', ['node_modules/@playwright/test/cli.js', 'test', '--reporter=list,json'], { PLAYWRIGHT_JSON_OUTPUT_NAME: report });
  const read = existsSync(report) ? (JSON.parse(readFileSync(report, 'utf8')) as PlaywrightReport) : null;
  for (const suite of read?.suites ?? []) nameFailures(suite);
  const stats = read?.stats ?? null;
  add({ passed: (stats?.expected ?? 0) + (stats?.flaky ?? 0), failed: stats?.unexpected ?? 0, skipped: stats?.skipped ?? 0 }, 'the window', code);
}

function nameFailures({ suites = [], specs = [] }: PlaywrightSuite): void {
  for (const { file, title, ok, tests } of specs) {
    const said = `${file}: ${title}: ${firstLine(tests.flatMap(({ results }) => results).find(({ error }) => error)?.error?.message)}`;
    if (!ok) failures.push(said);
    else if (tests.some(({ status }) => status === 'flaky')) problems.push(`failed once, passed when run again: ${said}`);
  }
  for (const suite of suites) nameFailures(suite);
}

function firstLine(text = ''): string {
  return stripVTControlCharacters(text).split('\n').slice(0, 3).join(' ').slice(0, 400);
}

function add(counted: Tally, name: string, code: number): void {
  total.passed += counted.passed;
  total.failed += counted.failed;
  total.skipped += counted.skipped;
  // A runner that failed without a failed test (a crash, an unhandled error) must not pass for green.
  if (code !== 0 && counted.failed === 0) fail(name, code);
  else if (code !== 0) problems.push(`failed: ${name}`);
}

function fail(name: string, code: number): void {
  total.failed++;
  problems.push(`failed: ${name} (exit code ${code})`);
}

function skip(count: number, reason: string): void {
  total.skipped += count;
  problems.push(`skipped: ${reason}`);
}

/** Runs a script; `last` is filled with the last lines that it prints. */
function run(name: string, args: readonly string[], extra: NodeJS.ProcessEnv = {}, last?: string[]): Promise<number> {
  say(`── ${name}`);
  const started = Date.now();
  const child = spawn(process.execPath, args, { cwd: root, env: { ...environment(), ...extra }, stdio: ['ignore', last ? 'pipe' : 'inherit', last ? 'pipe' : 'inherit'] });
  for (const [from, to] of [[child.stdout, process.stdout], [child.stderr, process.stderr]] as const) {
    from?.pipe(to, { end: false });
    if (from) createInterface({ input: from }).on('line', (line) => last?.splice(0, Math.max(0, last.push(stripVTControlCharacters(line).slice(0, 400)) - lastLinesMax)));
  }
  return new Promise((resolve) => {
    child.on('exit', (code, signal) => {
      const end = (): void => {
        clearTimeout(late);
        child.off('close', end);
        say(`── ${name}: ${code === 0 ? 'passed' : `failed (${code ?? signal})`} in ${((Date.now() - started) / 1000).toFixed(1)} s`);
        resolve(code ?? 1);
      };
      // Its last words are still on the way; somebody who outlives it may hold the pipe for ever.
      const late = setTimeout(end, 2_000);
      child.once('close', end);
    });
  });
}

function summary(): void {
  process.stdout.write(`\n${failures.map((f) => `✗ ${f}\n`).join('')}${problems.map((p) => `${p}\n`).join('')}${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped\n`);
  process.exit(total.failed === 0 && total.passed > 0 ? 0 : 1);
}
