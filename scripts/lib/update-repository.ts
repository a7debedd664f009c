/**
 * Makes and signs what `src/platform/update` believes: a repository of The Update Framework with four roles. Pure but for the keys' randomness:
 * takes objects, gives files by name. The maintainer's tool and the tests use the same functions.
 */
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { Key, MetaFile, Metadata, MetadataKind, Root, Signature, Snapshot, TargetFile, Targets, Timestamp } from '@tufjs/models';

export const roles = ['root', 'targets', 'snapshot', 'timestamp'] as const;
export type RoleName = (typeof roles)[number];

const specVersion = '1.0.31';
const dayMs = 86_400_000;
/** Days that each role's metadata is good for. Timestamps are signed anew daily, and a client without one for a week refuses. */
export const livesDays = { root: 3650, targets: 365, snapshot: 30, timestamp: 7 } as const satisfies Record<RoleName, number>;

export interface RoleKeys {
  readonly keys: readonly KeyObject[];
  readonly threshold: number;
}

export type Files = ReadonlyMap<string, Buffer>;

/** One installer: its name, its bytes, and for which machine it is. */
export interface Installer {
  readonly name: string;
  readonly bytes: Buffer;
  readonly arch: string;
  readonly format: string;
}

export function newKey(): KeyObject {
  return generateKeyPairSync('ed25519').privateKey;
}

/** Reads a private key: PKCS#8 in PEM, sealed by a passphrase or not. Throws when it is no Ed25519 key. */
export function readKey(pem: string, passphrase?: string): KeyObject {
  const key = createPrivateKey({ key: pem, ...(passphrase === undefined ? {} : { passphrase }) });
  if (key.asymmetricKeyType !== 'ed25519') throw new Error('keys of updates are Ed25519 keys');
  return key;
}

/** The key as PEM; with a passphrase it is sealed (PBES2, AES-256). */
export function writeKey(key: KeyObject, passphrase: string): string {
  return key.export({ type: 'pkcs8', format: 'pem', ...(passphrase === '' ? {} : { cipher: 'aes-256-cbc', passphrase }) }).toString();
}

/** A root that names the keys of all roles, signed by its own keys and by those of the root before it. */
export function makeRoot({ version, keys, nowMs, before = [], lifeDays = livesDays.root }: {
  readonly version: number;
  readonly keys: Readonly<Record<RoleName, RoleKeys>>;
  readonly nowMs: number;
  /** Keys of the root that this one replaces. */
  readonly before?: readonly KeyObject[];
  readonly lifeDays?: number;
}): Buffer {
  const all = Object.fromEntries(roles.flatMap((role) => keys[role].keys.map((key) => [keyId(key), publicKey(key)])));
  const named = Object.fromEntries(roles.map((role) => [role, { keyids: keys[role].keys.map(keyId), threshold: keys[role].threshold }]));
  const root = Root.fromJSON({
    _type: 'root', spec_version: specVersion, version, expires: expiry(nowMs, lifeDays), consistent_snapshot: true,
    keys: Object.fromEntries(Object.entries(all).map(([id, key]) => [id, key.toJSON()])), roles: named,
  });
  return signed(new Metadata(root), [...keys.root.keys, ...before]);
}

export interface ReleaseInput {
  readonly keys: Readonly<Record<Exclude<RoleName, 'root'>, RoleKeys>>;
  readonly versions: { readonly targets: number; readonly snapshot: number; readonly timestamp: number };
  readonly nowMs: number;
  readonly version: string;
  readonly notes: string;
  readonly installers: readonly Installer[];
  /** Targets of releases before that stay. */
  readonly targets?: readonly TargetFile[];
}

/** Metadata of a release and its installers, by path below the release address. */
export function makeRelease({ keys, versions, nowMs, version, notes, installers, targets = [] }: ReleaseInput): Files {
  const added = installers.map(({ name, bytes, arch, format }) => new TargetFile({ path: name, length: bytes.length, hashes: { sha256: sha256(bytes) }, unrecognizedFields: { custom: { version, arch, format, notes } } }));
  const all = Object.fromEntries([...targets, ...added].map((target) => [target.path, target]));
  const targetsFile = signed(new Metadata(new Targets({ version: versions.targets, specVersion, expires: expiry(nowMs, livesDays.targets), targets: all })), keys.targets.keys);
  return new Map([
    ...installers.map(({ name, bytes }) => [`targets/${sha256(bytes)}.${name}`, bytes] as const),
    [`metadata/${versions.targets}.targets.json`, targetsFile],
    ...makeSnapshot({ keys, versions, nowMs, targetsFile }),
  ]);
}

/** Snapshot and timestamp over targets that stay: what the daily job signs. */
export function makeSnapshot({ keys, versions, nowMs, targetsFile }: Pick<ReleaseInput, 'keys' | 'versions' | 'nowMs'> & { readonly targetsFile: Buffer }): Files {
  const snapshot = new Snapshot({ version: versions.snapshot, specVersion, expires: expiry(nowMs, livesDays.snapshot), meta: { 'targets.json': describe(versions.targets, targetsFile) } });
  const snapshotFile = signed(new Metadata(snapshot), keys.snapshot.keys);
  const timestamp = new Timestamp({ version: versions.timestamp, specVersion, expires: expiry(nowMs, livesDays.timestamp), snapshotMeta: describe(versions.snapshot, snapshotFile) });
  return new Map([
    [`metadata/${versions.snapshot}.snapshot.json`, snapshotFile],
    ['metadata/timestamp.json', signed(new Metadata(timestamp), keys.timestamp.keys)],
  ]);
}

/** The version of a signed file. */
export function versionOf(file: Buffer): number {
  const { signed: { version } } = JSON.parse(file.toString('utf8')) as { signed: { version: number } };
  return version;
}

/** What targets metadata offers. */
export function targetsOf(file: Buffer): readonly TargetFile[] {
  return Object.values(Metadata.fromJSON(MetadataKind.Targets, JSON.parse(file.toString('utf8'))).signed.targets);
}

/** Format and processor of what electron-builder writes; undefined for other files. Names get no spaces. */
export function installerOf(file: string, bytes: Buffer): Installer | undefined {
  const format = /\.(deb|rpm|AppImage|exe|pkg|dmg)$/.exec(file)?.[1];
  if (format === undefined) return undefined;
  return { name: file.replace(/[^A-Za-z0-9._+~-]+/g, '-'), bytes, format, arch: /arm64|aarch64/.test(file) ? 'arm64' : 'x64' };
}

function signed(metadata: Metadata<Root> | Metadata<Targets> | Metadata<Snapshot> | Metadata<Timestamp>, keys: readonly KeyObject[]): Buffer {
  for (const key of keys) metadata.sign((data) => new Signature({ keyID: keyId(key), sig: sign(null, data, key).toString('hex') }));
  return Buffer.from(`${JSON.stringify(metadata.toJSON(), null, 1)}\n`);
}

function describe(version: number, file: Buffer): MetaFile {
  return new MetaFile({ version, length: file.length, hashes: { sha256: sha256(file) } });
}

function publicKey(key: KeyObject): Key {
  const hex = createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-32).toString('hex');
  return new Key({ keyID: sha256(Buffer.from(hex)), keyType: 'ed25519', scheme: 'ed25519', keyVal: { public: hex } });
}

function keyId(key: KeyObject): string {
  return publicKey(key).keyID;
}

function expiry(nowMs: number, days: number): string {
  return new Date(nowMs + days * dayMs).toISOString().replace(/\.\d{3}Z$/, 'Z');
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
