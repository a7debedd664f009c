import { createPrivateKey, type KeyObject } from 'node:crypto';
import { MetadataKind, Metadata } from '@tufjs/models';
import { makeRelease, makeRoot } from '../../../scripts/lib/update-repository.ts';
import { chooseRelease, compareVersions, isPlainName } from '../../../src/platform/update/choose.ts';
import { openTrust, type Trust } from '../../../src/platform/update/trust.ts';
import { json } from '../shapes/json.ts';
import { holds, jsonOf, refusals, type Target, utf8 } from '../target.ts';

/** Always the same, so that one seed gives the same inputs. */
function fixedKey(number: number): KeyObject {
  const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), Buffer.alloc(32, number)]);
  return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
}

const nowMs = Date.UTC(2026, 10, 22);
const keysFrom = (first: number) => ({
  root: { keys: [fixedKey(first), fixedKey(first + 1), fixedKey(first + 2)], threshold: 2 }, targets: { keys: [fixedKey(first + 3)], threshold: 1 },
  snapshot: { keys: [fixedKey(first + 4)], threshold: 1 }, timestamp: { keys: [fixedKey(first + 5)], threshold: 1 },
});
const [keys, nextKeys] = [keysFrom(1), keysFrom(11)];
const root = makeRoot({ version: 1, keys, nowMs });
const installers = [{ name: 'a.deb', bytes: Buffer.from('a'), arch: 'x64', format: 'deb' }, { name: 'b.exe', bytes: Buffer.from('b'), arch: 'arm64', format: 'exe' }];
const released = (signers: typeof keys) => makeRelease({ keys: signers, versions: { targets: 1, snapshot: 1, timestamp: 1 }, nowMs, version: '0.2.0', notes: 'Faster.', installers });
const parts = (files: ReadonlyMap<string, Buffer>) => ({ timestamp: read(files.get('metadata/timestamp.json')), snapshot: read(files.get('metadata/1.snapshot.json')), targets: read(files.get('metadata/1.targets.json')) });
const read = (bytes: Buffer | undefined): unknown => JSON.parse(String(bytes));
const nextRoot = read(makeRoot({ version: 2, keys: nextKeys, nowMs, before: keys.root.keys }));
const good = JSON.stringify((parts(released(keys)).targets as { signed: { targets: unknown } }).signed.targets);

const steps = ['root', 'timestamp', 'snapshot', 'targets'] as const satisfies readonly (keyof Trust)[];

const metadata: Target = {
  name: 'update-metadata', from: 'who serves updates, or sits in between', shape: json, heavy: true, words: ['_type', 'signed', 'signatures', 'keyid', 'keyids', 'threshold', 'expires', '9999-12-31T23:59:59Z', 'targets.json', 'sha256'],
  open: () => ({
    seeds: [jsonOf(parts(released(keys))), jsonOf({ root: nextRoot, ...parts(released(nextKeys)) })],
    run: (input) => {
      const given = new Map(Object.entries(valueOf(input)));
      const trust = openTrust(root, nowMs);
      for (const step of steps) {
        const bytes = given.has(step) ? jsonOf(given.get(step)) : input;
        // The library says so of a step that comes too early.
        refusals(() => void trust[step](bytes));
      }
      const offered = JSON.stringify(Object.fromEntries(Object.entries(trust.offered()).map(([name, target]) => [name, target.toJSON()])));
      holds(offered === '{}' || sameJson(offered, good), 'nothing is offered but what was signed');
      return undefined;
    },
  }),
};

const choice: Target = {
  name: 'update-choice', from: 'a signer of releases who errs', shape: json, words: ['../', 'a.deb', 'custom', 'version', '999.0.0', '0.2.0', 'arch', 'x64', 'format', 'deb', 'notes', 'sha256', 'length'],
  open: () => ({
    seeds: [jsonOf((parts(released(keys)).targets as { signed: unknown }).signed)],
    run: (input) => {
      const chosen = refusals(() => {
        const { signed } = Metadata.fromJSON(MetadataKind.Targets, { signed: valueOf(input) as never, signatures: [] });
        return chooseRelease(signed.targets, { arch: 'x64', formats: ['deb', 'exe'] }, '0.1.0');
      }, 'TypeError', 'Error', 'ValueError', 'RangeError');
      if (!chosen) return undefined;
      holds(isPlainName(chosen.target.path) && !chosen.target.path.includes('/') && !chosen.target.path.includes('..'), 'a name is only a name');
      holds(compareVersions(chosen.version, '0.1.0') > 0 && chosen.target.length <= 2 ** 29, 'newer, and not too large');
      return undefined;
    },
  }),
};

function valueOf(input: Uint8Array): object {
  try {
    const value: unknown = JSON.parse(utf8(input));
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}

function sameJson(a: string, b: string): boolean {
  const sorted = (value: unknown): unknown => typeof value !== 'object' || value === null ? value : Object.fromEntries(Object.entries(value).sort(([x], [y]) => (x < y ? -1 : 1)).map(([name, part]) => [name, sorted(part)]));
  return JSON.stringify(sorted(JSON.parse(a))) === JSON.stringify(sorted(JSON.parse(b)));
}

export const updates: readonly Target[] = [metadata, choice];
