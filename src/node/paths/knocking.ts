import { change, type Draft, emit, tell } from './draft.ts';
import { ask } from './negotiating.ts';
import { search } from './searching.ts';
import { isProbablyOff, retryAtMs, times } from './times.ts';

/** The turn of a peer that is down. Of one that is probably off nothing is asked of the tunnel, and little of anybody. */
export function tryDown(d: Draft): void {
  const { downs } = d.s;
  if (!isProbablyOff(downs) || downs % times.searchEvery === 0) search(d);
  else knock(d);
}

/**
 * One echo, for which WireGuard shakes hands where it looked last, and one question. Whatever comes back begins a whole search, and so does
 * everything that the peer itself sends when it is there again.
 */
function knock(d: Draft): void {
  const downs = d.s.downs + 1;
  change(d, { downs, retryAtMs: retryAtMs(d.s.id, downs, d.now) });
  emit(d, { kind: 'echo', timeoutMs: times.echo.tryingLate });
  if (!d.s.asking && !d.s.stranger) ask(d, null);
  tell(d);
}
