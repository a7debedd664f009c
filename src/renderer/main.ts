import './styles/tokens.css';
import './styles/base.css';
import { mount } from 'svelte';
import type { Clock } from '../base/clock.ts';
import App from './App.svelte';
import { openClient } from './lib/app-client.ts';
import { createAppState } from './lib/app-state.svelte.ts';
import { carrierOf } from './lib/carriers.ts';
import { followLanguage } from './words/follow.svelte.ts';

/** Root of the page: the only place that knows the real clock and which carrier stands behind it. */
const clock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after: (delayMs, run) => {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
};

const target = document.getElementById('app');
if (target !== null) {
  const app = createAppState(clock, (events) => openClient(carrierOf(window), clock, events));
  void followLanguage(app, clock, window).then(() => mount(App, { target, props: { app } }));
}
