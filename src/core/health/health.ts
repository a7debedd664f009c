import type { Cancel, Clock } from '../../base/clock.ts';
import type { HealthTopic } from '../../contract/state.ts';
import { emptyCentre, explain, look } from './centre.ts';
import type { HealthFacts } from './facts.ts';
import { findingsOf } from './findings.ts';

export interface Health {
  /** The topic for these facts now. Calls `again` when time alone will change it. */
  look(facts: HealthFacts): HealthTopic;
  /** Everything that is known, for a report. */
  explain(): ReturnType<typeof explain>;
  close(): void;
}

/** The health centre with its memory and its one timer. */
export function createHealth(clock: Clock, again: () => void): Health {
  let centre = emptyCentre;
  let cancel: Cancel = () => {};
  return {
    look: (facts) => {
      const wallMs = clock.nowMs();
      const looked = look(centre, findingsOf(facts, wallMs), { monotonicMs: clock.monotonicMs(), wallMs, connected: facts.session.phase === 'connected' });
      centre = looked.centre;
      cancel();
      cancel = looked.againMs === null ? () => {} : clock.after(looked.againMs, again);
      return { warnings: looked.warnings };
    },
    explain: () => explain(centre),
    close: () => cancel(),
  };
}
