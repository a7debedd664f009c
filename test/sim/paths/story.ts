import { PathPhase } from '../../../src/gen/webmesh/local/v1/local.ts';
import { type Effect, type Event, type StepFunction } from '../../../src/node/paths/state.ts';
import { type World } from './world.ts';

/** The story of one seed: what every machine heard, what it did about it, and what was shown. */
export function watch(world: World, say: (line: string) => void): void {
  for (const node of world.nodes) {
    say(`${node.id} is ${node.kind()} ${node.station.ipv4 ?? '-'} ${node.station.ipv6 ?? '-'} public ${node.publicIp()}${node.mapped() ? ' mapped' : ''}${node.serves ? ' host' : ''}`);
    const shown = new Map<string, string>();
    node.onView = (paths) => {
      for (const view of paths) {
        const line = `${node.id}→${view.id} ${Object.keys(PathPhase)[view.phase]?.slice(11)} tier ${view.tier} ${view.endpoint} push ${view.push} restart ${view.restart} [${view.reasons.map(({ code }) => code).join(' ')}]`;
        if (shown.get(view.id) !== line) say(line);
        shown.set(view.id, line);
      }
    };
  }
}

/** The same step, telling what it is given and what it answers. Time that passes without consequence is left out. */
export function telling(step: StepFunction, say: (line: string) => void): StepFunction {
  return (state, event) => {
    const stepped = step(state, event);
    const effects = stepped.effects.filter(({ kind }) => kind !== 'tell' && kind !== 'echo');
    const quiet = event.kind === 'tick' || event.kind === 'seen' || (event.kind === 'echo' && event.tookMs !== null);
    if (!quiet || effects.length > 0) say(`  ${state.me}→${state.id} ${wordsOf(event)}${effects.length > 0 ? ` | ${effects.map(wordsOf).join(', ')}` : ''}`);
    return stepped;
  };
}

function wordsOf(one: Event | Effect): string {
  const words = Object.entries(one).filter(([key, value]) => key !== 'atMs' && value !== null && typeof value !== 'object' && value !== '');
  return words.map(([key, value]) => (key === 'kind' ? String(value) : `${key} ${String(value)}`)).join(' ');
}
