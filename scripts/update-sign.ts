/**
 * The maintainer's tool: makes the keys and the root of trust of updates, and signs releases. Secrets are files or come on standard input;
 * none is an argument. What it writes is what `src/platform/update` believes; docs/decisions/0014 says how keys are kept.
 *   keys    --out DIR                                             new keys: root-1..3 (two must sign), targets, snapshot, timestamp
 *   root    --keys DIR --out REPO [--before DIR] [--embed FILE]   the next root; --before: the keys of the one that it replaces
 *   release --keys DIR --out REPO --files DIR --version X.Y.Z [--notes FILE]
 *   renew   --keys DIR --out REPO                                 the daily job: a new snapshot and timestamp over what is there
 * --passphrase-stdin: keys are sealed, or to be sealed, with the first line of standard input.
 */
import type { KeyObject } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Files, installerOf, makeRelease, makeRoot, makeSnapshot, newKey, readKey, type RoleKeys, type RoleName, targetsOf, versionOf, writeKey } from './lib/update-repository.ts';

const counts = { root: 3, targets: 1, snapshot: 1, timestamp: 1 } as const satisfies Record<RoleName, number>;
const thresholds = { root: 2, targets: 1, snapshot: 1, timestamp: 1 } as const satisfies Record<RoleName, number>;

const { positionals: [verb], values } = parseArgs({
  allowPositionals: true,
  options: {
    keys: { type: 'string' }, out: { type: 'string' }, before: { type: 'string' }, embed: { type: 'string' }, files: { type: 'string' },
    version: { type: 'string' }, notes: { type: 'string' }, 'passphrase-stdin': { type: 'boolean' },
  },
});
const passphrase = values['passphrase-stdin'] ? (readFileSync(0, 'utf8').split('\n')[0] ?? '') : '';
const out = needed('out');
const metadata = join(out, 'metadata');
const nowMs = Date.now();

switch (verb) {
  case 'keys': makeKeys(); break;
  case 'root': nextRoot(); break;
  case 'release': release(); break;
  case 'renew': renew(); break;
  default: throw new Error('one of: keys, root, release, renew');
}

function makeKeys(): void {
  mkdirSync(out, { recursive: true, mode: 0o700 });
  for (const file of Object.keys(counts).flatMap((role) => keyFiles(role as RoleName))) {
    // Never over a key that is there: it cannot be made again.
    writeFileSync(join(out, file), writeKey(newKey(), passphrase), { mode: 0o600, flag: 'wx' });
    console.log(file);
  }
}

function nextRoot(): void {
  const version = newest('root') + 1;
  const keys = { root: roleKeys('root'), targets: roleKeys('targets'), snapshot: roleKeys('snapshot'), timestamp: roleKeys('timestamp') };
  if (version > 1 && values.before === undefined) throw new Error('--before: the keys of the root that is there must sign too');
  const root = makeRoot({ version, keys, nowMs, before: values.before === undefined ? [] : roleKeys('root', values.before).keys });
  write(new Map([[`metadata/${version}.root.json`, root]]));
  if (values.embed !== undefined) writeFileSync(values.embed, root);
}

function release(): void {
  const folder = needed('files');
  const version = needed('version');
  if (!/^\d+\.\d+\.\d+$/.test(version)) throw new Error('--version X.Y.Z');
  const installers = readdirSync(folder).sort().flatMap((file) => installerOf(file, readFileSync(join(folder, file))) ?? []);
  if (installers.length === 0) throw new Error(`no installer in ${folder}`);
  const targets = newest('targets');
  // One release before this one stays, for those who look while it is being published.
  const stay = targets === 0 ? [] : targetsOf(readFileSync(join(metadata, `${targets}.targets.json`))).filter(({ path }) => installers.every(({ name }) => name !== path)).slice(-installers.length);
  const notes = values.notes === undefined ? '' : readFileSync(values.notes, 'utf8').trim();
  write(makeRelease({ keys: online(), versions: { targets: targets + 1, snapshot: newest('snapshot') + 1, timestamp: timestampVersion() + 1 }, nowMs, version, notes, installers, targets: stay }));
}

function renew(): void {
  const targets = newest('targets');
  const targetsFile = readFileSync(join(metadata, `${targets}.targets.json`));
  write(makeSnapshot({ keys: online(), versions: { targets, snapshot: newest('snapshot') + 1, timestamp: timestampVersion() + 1 }, nowMs, targetsFile }));
}

function online(): Readonly<Record<Exclude<RoleName, 'root'>, RoleKeys>> {
  // The daily job has no key of targets, and signs none.
  return { targets: verb === 'release' ? roleKeys('targets') : { keys: [], threshold: 1 }, snapshot: roleKeys('snapshot'), timestamp: roleKeys('timestamp') };
}

function roleKeys(role: RoleName, folder = needed('keys')): RoleKeys {
  const keys = keyFiles(role).map((file) => join(folder, file)).filter(existsSync).map((file): KeyObject => readKey(readFileSync(file, 'utf8'), passphrase));
  if (keys.length < thresholds[role]) throw new Error(`${folder} holds ${keys.length} keys of ${role}; ${thresholds[role]} must sign`);
  return { keys, threshold: thresholds[role] };
}

function keyFiles(role: RoleName): readonly string[] {
  return counts[role] === 1 ? [`${role}.pem`] : Array.from({ length: counts[role] }, (_, at) => `${role}-${at + 1}.pem`);
}

/** The highest version of a role's files that lies there; 0: none. */
function newest(role: Exclude<RoleName, 'timestamp'>): number {
  const found = existsSync(metadata) ? readdirSync(metadata) : [];
  return Math.max(0, ...found.map((file) => Number(new RegExp(`^(\\d+)\\.${role}\\.json$`).exec(file)?.[1] ?? 0)));
}

function timestampVersion(): number {
  const path = join(metadata, 'timestamp.json');
  return existsSync(path) ? versionOf(readFileSync(path)) : 0;
}

/** Installers first and the timestamp last: whoever looks meanwhile sees the old or the new, never a half. */
function write(files: Files): void {
  for (const [path, bytes] of files) {
    mkdirSync(dirname(join(out, path)), { recursive: true });
    writeFileSync(join(out, path), bytes);
    console.log(`${path} ${bytes.length}`);
  }
}

function needed(name: 'keys' | 'out' | 'files' | 'version'): string {
  const value = values[name];
  if (value === undefined) throw new Error(`--${name} is needed`);
  return value;
}
