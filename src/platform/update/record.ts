import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { failure, isFailure } from '../../base/failure.ts';
import { writeFileAtomic } from '../files.ts';
import { readSmallBytes } from '../small-file.ts';
import { updateLimits } from './limits.ts';

/** The metadata that was believed last, as it came: the floor under what may come next. */
export interface TrustRecord {
  readonly root: string;
  readonly timestamp: string | null;
  readonly snapshot: string | null;
  readonly targets: string | null;
}

const recordBytesMax = 8 * updateLimits.metadataBytesMax;

/** Keeps the record in `folder`, for this user alone, replaced whole and atomically. */
export function createRecord(folder: string) {
  const path = join(folder, 'trusted.json');
  return {
    /**
     * Null: there never was one. Throws update.record-damaged, again and again until a person looks: to go on without it would forget how new
     * metadata must be. Throws internal.storage when the disk refuses.
     */
    load: async (): Promise<TrustRecord | null> => {
      const bytes = await readSmallBytes(path, recordBytesMax).catch((error: unknown) => {
        throw isFailure(error) && error.code === 'input.invalid' ? failure('update.record-damaged', { path }, error) : error;
      });
      return bytes === undefined ? null : parse(bytes, path);
    },
    /** Throws node.disk-full or internal.storage. */
    save: (record: TrustRecord): Promise<void> => writeFileAtomic(path, JSON.stringify({ ...record, sha256: sum(record) })),
  };
}

function parse(bytes: Buffer, path: string): TrustRecord {
  try {
    const { root, timestamp, snapshot, targets, sha256 } = JSON.parse(bytes.toString('utf8')) as Record<string, unknown>;
    if (typeof root === 'string' && isKept(timestamp) && isKept(snapshot) && isKept(targets)) {
      const record: TrustRecord = { root, timestamp, snapshot, targets };
      if (sha256 === sum(record)) return record;
    }
  } catch (error) {
    throw failure('update.record-damaged', { path }, error);
  }
  throw failure('update.record-damaged', { path });
}

function isKept(value: unknown): value is string | null {
  return value === null || typeof value === 'string';
}

/** Against a disk that lies, not against a person: whoever may write here may as well replace the app. */
function sum({ root, timestamp, snapshot, targets }: TrustRecord): string {
  return createHash('sha256').update(JSON.stringify([root, timestamp, snapshot, targets])).digest('hex');
}
