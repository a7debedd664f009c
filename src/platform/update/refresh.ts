import type { Clock } from '../../base/clock.ts';
import { failure } from '../../base/failure.ts';
import { updateLimits } from './limits.ts';
import type { createRecord, TrustRecord } from './record.ts';
import type { UpdateSource } from './source.ts';
import { openTrust, type Trust } from './trust.ts';

export interface RefreshParts {
  readonly source: UpdateSource;
  readonly record: ReturnType<typeof createRecord>;
  /** The root of trust that this build came with. */
  readonly root: string;
  readonly clock: Clock;
}

/**
 * Fetches the newest metadata, in the order of the specification (5.3 to 5.6): roots, timestamp, snapshot, targets. What was believed is on the disk
 * before the next file is asked for, so a crash never lowers the floor. Rejects with update.*.
 */
export async function refresh(parts: RefreshParts, signal: AbortSignal): Promise<Trust> {
  const kept = await parts.record.load();
  const [trust, start] = begin(parts, kept);
  const fetch = metadataReader(parts, signal);
  let now: TrustRecord = start;
  const keep = async (change: Partial<TrustRecord>): Promise<void> => {
    now = { ...now, ...change };
    await parts.record.save(now);
  };

  await followRoots(trust, fetch, keep);
  if (start.timestamp !== null) trust.knownTimestamp(Buffer.from(start.timestamp));
  const timestamp = await needed(fetch, 'timestamp.json');
  if (trust.timestamp(timestamp)) await keep({ timestamp: timestamp.toString('utf8') });

  const snapshotIsNew = start.snapshot === null || !trust.knownSnapshot(Buffer.from(start.snapshot));
  if (snapshotIsNew) {
    const { name, length } = trust.snapshotPlace();
    const snapshot = await needed(fetch, name, length);
    trust.snapshot(snapshot);
    await keep({ snapshot: snapshot.toString('utf8') });
  }
  const targetsAreNew = start.targets === null || !trust.knownTargets(Buffer.from(start.targets));
  if (targetsAreNew) {
    const { name, length } = trust.targetsPlace();
    const targets = await needed(fetch, name, length);
    trust.targets(targets);
    await keep({ targets: targets.toString('utf8') });
  }
  return trust;
}

/** A newer root that came with a newer app wins over the one that was followed to; else we go on from there. */
function begin({ root, clock }: RefreshParts, kept: TrustRecord | null): readonly [Trust, TrustRecord] {
  const shipped = openTrust(Buffer.from(root), clock.nowMs());
  const fresh: TrustRecord = { root, timestamp: null, snapshot: null, targets: null };
  if (kept === null) return [shipped, fresh];
  const followed = openTrust(Buffer.from(kept.root), clock.nowMs());
  return shipped.rootVersion() > followed.rootVersion() ? [shipped, { ...kept, root }] : [followed, kept];
}

type Fetch = (name: string, bytesMax?: number) => Promise<Buffer | undefined>;

async function followRoots(trust: Trust, fetch: Fetch, keep: (change: Partial<TrustRecord>) => Promise<void>): Promise<void> {
  for (let round = 0; round < updateLimits.rootsMax; round++) {
    const next = await fetch(`${trust.rootVersion() + 1}.root.json`);
    if (next === undefined) return;
    trust.root(next);
    await keep({ root: next.toString('utf8') });
  }
}

async function needed(fetch: Fetch, name: string, bytesMax?: number): Promise<Buffer> {
  const bytes = await fetch(name, bytesMax);
  if (bytes === undefined) throw failure('update.unreachable', { reason: `${name} is not there` });
  return bytes;
}

/** Reads whole files, each within its own limits and all within those of one check. */
function metadataReader({ source, clock }: RefreshParts, signal: AbortSignal): Fetch {
  const untilMs = clock.monotonicMs() + updateLimits.checkMs;
  let left = updateLimits.checkBytesMax;
  return async (name, bytesMax = updateLimits.metadataBytesMax) => {
    const limits = { bytesMax: Math.min(bytesMax, updateLimits.metadataBytesMax, left), deadlineMs: Math.max(0, Math.min(updateLimits.metadataMs, untilMs - clock.monotonicMs())) };
    const chunks = await source.read(`metadata/${name}`, limits, signal);
    if (chunks === undefined) return undefined;
    const parts: Buffer[] = [];
    for await (const chunk of chunks) parts.push(chunk);
    const bytes = Buffer.concat(parts);
    left -= bytes.length;
    return bytes;
  };
}
