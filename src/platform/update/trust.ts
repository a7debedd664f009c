import type { TargetFile } from '@tufjs/models';
import { LengthOrHashMismatchError, UnsignedMetadataError } from '@tufjs/models/dist/error.js';
import { BadVersionError, EqualVersionError, ExpiredMetadataError } from 'tuf-js/dist/error.js';
import { TrustedMetadataStore } from 'tuf-js/dist/store.js';
import { assert } from '../../base/assert.ts';
import { type Failure, failure, isFailure } from '../../base/failure.ts';
import { checkMetadataJson } from './metadata-json.ts';

/** Where a metadata file is and how long it may be; length is undefined where its signer did not say. */
export interface MetadataPlace {
  readonly name: string;
  readonly length: number | undefined;
}

/**
 * What update metadata may be believed: the client workflow of The Update Framework (specification 1.0, section 5), decided by tuf-js.
 * Pure: bytes in, Failures out, and the time is the one that it was given. Each method throws update.bad-signature, update.expired,
 * update.older, update.damaged or update.too-large, and then nothing of the file is believed.
 */
export interface Trust {
  rootVersion(): number;
  /** The root after the present one (5.3). */
  root(bytes: Uint8Array): void;
  /** False: it is the one that is known already (5.4). */
  timestamp(bytes: Uint8Array): boolean;
  snapshot(bytes: Uint8Array): void;
  targets(bytes: Uint8Array): void;
  /** What was believed in an earlier life: only a floor under what may come now. Signed by keys that a new root dropped, it is forgotten (5.3.11). */
  knownTimestamp(bytes: Uint8Array): void;
  /** True: it is still the one that the timestamp names. */
  knownSnapshot(bytes: Uint8Array): boolean;
  /** True: it is still the one that the snapshot names. */
  knownTargets(bytes: Uint8Array): boolean;
  snapshotPlace(): MetadataPlace;
  targetsPlace(): MetadataPlace;
  /** Every file that is offered, by its name; empty before `targets`. */
  offered(): Readonly<Record<string, TargetFile>>;
  /** Whether installers are found under their hash. */
  readonly consistent: boolean;
}

/** Begins with a root that is believed. Throws update.damaged when it is none. */
export function openTrust(root: Uint8Array, nowMs: number): Trust {
  assert(Number.isFinite(nowMs), 'nothing ends by a clock that tells no time');
  const store = judged('root', () => new TrustedMetadataStore(checked('root', root)));
  // The library takes the time of the process; ours is the clock that we were given.
  Reflect.set(store, 'referenceTime', new Date(nowMs));
  const place = (role: string, meta: { readonly version: number; readonly length?: number } | undefined): MetadataPlace => {
    if (meta === undefined) throw failure('update.damaged', { file: role, problem: 'not listed' });
    return { name: store.root.signed.consistentSnapshot ? `${meta.version}.${role}.json` : `${role}.json`, length: meta.length };
  };
  return {
    rootVersion: () => store.root.signed.version,
    root: (bytes) => void judged('root', () => store.updateRoot(checked('root', bytes))),
    timestamp: (bytes) => judged('timestamp', () => isNewTimestamp(store, checked('timestamp', bytes))),
    snapshot: (bytes) => {
      const before = store.snapshot;
      // The library sets the new one before it compares it with the timestamp; one that rolls a file back is not set.
      judged('snapshot', () => store.updateSnapshot(checked('snapshot', bytes)), () => store.snapshot !== before);
    },
    targets: (bytes) => judged('targets', () => store.updateDelegatedTargets(checked('targets', bytes), 'targets', 'root'), () => true),
    knownTimestamp: (bytes) => void known('timestamp', () => store.updateTimestamp(checked('timestamp', bytes))),
    knownSnapshot: (bytes) => known('snapshot', () => store.updateSnapshot(checked('snapshot', bytes), true)),
    knownTargets: (bytes) => known('targets', () => store.updateDelegatedTargets(checked('targets', bytes), 'targets', 'root')),
    snapshotPlace: () => place('snapshot', store.timestamp?.signed.snapshotMeta),
    targetsPlace: () => place('targets', store.snapshot?.signed.meta['targets.json']),
    offered: () => store.targets?.signed.targets ?? {},
    get consistent() {
      return store.root.signed.consistentSnapshot;
    },
  };
}

function isNewTimestamp(store: TrustedMetadataStore, bytes: Buffer): boolean {
  try {
    store.updateTimestamp(bytes);
    return true;
  } catch (error) {
    if (error instanceof EqualVersionError) return false;
    throw error;
  }
}

function checked(file: string, bytes: Uint8Array): Buffer {
  checkMetadataJson(`${file}.json`, bytes);
  return Buffer.from(bytes);
}

/** What we kept ourselves was good once, so only its age and its keys can be wrong now; anything else is a damaged record. */
function known(file: string, work: () => void): boolean {
  try {
    work();
    return true;
  } catch (error) {
    const outlived = error instanceof ExpiredMetadataError || error instanceof BadVersionError || error instanceof UnsignedMetadataError || error instanceof LengthOrHashMismatchError;
    if (outlived) return false;
    throw failure('update.record-damaged', { file: `${file}.json` }, error);
  }
}

/** `unfit` says whether a wrong version means files that do not belong together, and not an old one. */
function judged<T>(file: string, work: () => T, unfit: () => boolean = () => file === 'root'): T {
  try {
    return work();
  } catch (error) {
    throw refusal(`${file}.json`, error, unfit());
  }
}

function refusal(file: string, error: unknown, unfit: boolean): Failure {
  if (isFailure(error)) return error;
  if (error instanceof UnsignedMetadataError) return failure('update.bad-signature', { file }, error);
  if (error instanceof ExpiredMetadataError) return failure('update.expired', { file }, error);
  if (error instanceof BadVersionError && !unfit) return failure('update.older', { file }, error);
  if (error instanceof BadVersionError || error instanceof LengthOrHashMismatchError) return failure('update.damaged', { file, problem: 'it does not belong to the others' }, error);
  return failure('update.damaged', { file, problem: 'no update metadata' }, error);
}
