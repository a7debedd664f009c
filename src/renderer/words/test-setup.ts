import { en } from './en/index.ts';
import { speak } from './spoken.svelte.ts';

/** Tests of the page speak English unless they say otherwise. */
speak('en', en);
