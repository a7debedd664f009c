import { isAbort, withDeadline } from '../base/abort.ts';
import { type Clock } from '../base/clock.ts';
import { type Log } from '../base/log.ts';
import { type Pki } from '../base/pki.ts';
import { type Random } from '../base/random.ts';
import { type NodeConfig } from './config.ts';
import { foundingEntry, isFounded, securedFounding } from './founding.ts';
import { type Replica } from './replica.ts';

export interface FoundingPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly pki: Pki;
  readonly log: Log;
}

const foundDeadlineMs = 10_000;

/**
 * The mesh's first entry, proposed by the founder as soon as it leads; again after a restart that came before it was applied. Returns what
 * ends it.
 */
export function foundWhenLeading({ driver, state }: Replica, config: () => NodeConfig, { clock, random, pki, log }: FoundingPorts, closing: AbortSignal): () => void {
  let busy = false;
  const look = async (): Promise<void> => {
    const { bootstrap, identity } = config();
    if (busy || !bootstrap || driver.view.get().role !== 'leader' || isFounded(state)) return;
    busy = true;
    try {
      const trust = identity && securedFounding(identity.reveal(), bootstrap.networkName, pki, clock.nowMs());
      const entry = foundingEntry(config(), bootstrap, random, clock.nowMs(), trust);
      await withDeadline(clock, foundDeadlineMs, 'founding', closing, (signal) => driver.propose(entry, signal));
      log.info('founded', { secure: trust !== null });
    } catch (error) {
      if (!isAbort(error)) log.warn('founding-refused', { error });
    }
    busy = false;
  };
  void look();
  return driver.view.subscribe(() => void look());
}
