import { expect, test } from 'vitest';
import { cell } from '../base/cell.ts';
import { PathPhase } from '../gen/webmesh/local/v1/local.ts';
import { expectWhoComes } from './expecting.ts';
import { noNat } from './paths/facts.ts';
import { type PathsView } from './paths/ports.ts';

test('a peer is expected once when it comes, and again when it comes back', () => {
  const view = cell<PathsView>({ nat: noNat, paths: [] });
  const told: string[] = [];
  const end = expectWhoComes(view, (id) => told.push(id));
  const show = (phases: Readonly<Record<string, PathPhase>>): void => view.set({
    nat: noNat,
    paths: Object.entries(phases).map(([id, phase]) => ({ id, publicKey: '', phase, tier: 0, endpoint: '', push: 0, restart: 0, via: '', remote: '', reasons: [], sinceMs: 0n, latencyMs: -1 })),
  });
  const { PATH_PHASE_UP: up, PATH_PHASE_DOWN: down, PATH_PHASE_PROBING: probing } = PathPhase;
  show({ b: probing, c: down });
  show({ b: up, c: down });
  show({ b: up, c: up });
  show({ b: down, c: up });
  show({ c: up });
  show({ b: up, c: up });
  show({ c: up });
  show({ b: up, c: up });
  end();
  show({ b: down, c: up });
  show({ b: up, c: up });
  expect(told).toEqual(['b', 'c', 'b', 'b']);
});
