import { type ReadCell } from '../base/cell.ts';
import { type Clock, sleep } from '../base/clock.ts';
import { isAbort } from '../base/abort.ts';
import { type ForwardView, type NetcheckResponse, type OpenForwardRequest, type PingPeerRequest, type PingPeerResponse, type SetPathInputsRequest, type WatchPathsResponse } from '../gen/webmesh/local/v1/local.ts';
import { type PathsView } from './paths/ports.ts';

/** What the app's core asks about paths, behind the private socket. */
export interface LocalPathsPorts {
  readonly clock: Clock;
  readonly closing: AbortSignal;
  readonly paths: { readonly view: ReadCell<PathsView>; setInputs(inputs: SetPathInputsRequest): void; ping(request: PingPeerRequest, signal: AbortSignal): AsyncIterable<PingPeerResponse> };
  readonly netcheck: (signal: AbortSignal) => Promise<NetcheckResponse>;
  readonly forwards: { readonly views: ReadCell<readonly ForwardView[]>; open(request: OpenForwardRequest, signal: AbortSignal): Promise<ForwardView>; close(id: string): void };
}

/** Between two values of a watch: a wish about where to send must not wait, so it is short. */
const betweenMs = 15;

/** The view at once, and again after each change: the finder itself keeps them few. */
export async function* watchPaths({ clock, closing, paths, forwards }: LocalPathsPorts, caller: AbortSignal): AsyncGenerator<WatchPathsResponse> {
  const signal = AbortSignal.any([caller, closing]);
  let changed = Promise.withResolvers<void>();
  const wake = (): void => changed.resolve();
  const ends = [paths.view.subscribe(wake), forwards.views.subscribe(wake)];
  signal.addEventListener('abort', wake);
  try {
    while (!signal.aborted) {
      changed = Promise.withResolvers<void>();
      const { nat, paths: list } = paths.view.get();
      yield { nat, paths: [...list], forwards: [...forwards.views.get()] };
      await changed.promise;
      await sleep(clock, betweenMs, signal);
    }
  } catch (error) {
    if (!isAbort(error) || !signal.aborted) throw error;
  } finally {
    signal.removeEventListener('abort', wake);
    for (const end of ends) end();
  }
}
