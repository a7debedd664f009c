import type { Standing } from '../../contract/state.ts';
import { t } from '../words/spoken.svelte.ts';
import type { Tone } from './session-view.ts';

/** How a network looks that is not the one on the screen. */
export function toneOf({ want, phase, degraded }: Standing): Tone {
  switch (phase) {
    case 'connected': return degraded === 'control-plane-lost' ? 'frozen' : 'on';
    case 'blocked': return 'blocked';
    case 'disconnected': return want === 'connected' ? 'busy' : 'off';
    default: return 'busy';
  }
}

export function standingWord({ phase, degraded }: Pick<Standing, 'phase' | 'degraded'>): string {
  return phase === 'connected' && degraded === 'control-plane-lost' ? t.several.frozen : t.several.phases[phase];
}
