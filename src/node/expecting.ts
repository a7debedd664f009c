import { type ReadCell } from '../base/cell.ts';
import { PathPhase } from '../gen/webmesh/local/v1/local.ts';
import { type PathsView } from './paths/ports.ts';

/**
 * Tells consensus who comes back: a peer that the tunnel reaches again. A leader looks for members that are off seldom, for there may be many.
 * Answers what ends it.
 */
export function expectWhoComes(view: ReadCell<PathsView>, expect: (id: string) => void): () => void {
  let before: ReadonlySet<string> = new Set();
  return view.subscribe(({ paths }) => {
    const up = new Set(paths.filter(({ phase }) => phase === PathPhase.PATH_PHASE_UP).map(({ id }) => id));
    for (const id of up) if (!before.has(id)) expect(id);
    before = up;
  });
}
