import { type ReadCell } from '../base/cell.ts';
import { type Cancel, type Clock } from '../base/clock.ts';

export interface CuttingPorts {
  /** Grows when the replicated state changed. */
  readonly revision: ReadCell<number>;
  readonly clock: Clock;
  /** Ends every connection, either way, of who was cut off from the mesh. */
  readonly cut: () => void;
}

/** Connections are looked at this often at most, however fast the log grows. */
const betweenMs = 50;

/** Has connections looked at after the state changed, in a turn of its own: whoever applies entries must not be held up. Returns what ends it. */
export function keepCutting({ revision, clock, cut }: CuttingPorts): () => void {
  let lookedMs = Number.NEGATIVE_INFINITY;
  let cancel: Cancel | null = null;
  const look = (): void => {
    cancel = null;
    lookedMs = clock.monotonicMs();
    cut();
  };
  const end = revision.subscribe(() => {
    cancel ??= clock.after(Math.max(0, lookedMs + betweenMs - clock.monotonicMs()), look);
  });
  return () => {
    end();
    cancel?.();
  };
}
