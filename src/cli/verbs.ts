import { appVerbs } from './verbs/app.ts';
import { profileVerbs } from './verbs/profiles.ts';
import { sessionVerbs } from './verbs/session.ts';
import { viewVerbs } from './verbs/views.ts';
import { type Verb } from './verb.ts';

/** Everything that can be typed after `webmesh`. A test proves that no command of the contract is missing. */
export const verbs: readonly Verb[] = [...sessionVerbs, ...viewVerbs, ...profileVerbs, ...appVerbs(() => verbs)];
