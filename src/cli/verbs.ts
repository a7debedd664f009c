import { appVerbs } from './verbs/app.ts';
import { auditVerbs } from './verbs/audit.ts';
import { deviceVerbs } from './verbs/devices.ts';
import { forwardVerbs } from './verbs/forwards.ts';
import { healthVerbs } from './verbs/health.ts';
import { historyVerbs } from './verbs/history.ts';
import { inviteVerbs } from './verbs/invites.ts';
import { join } from './verbs/join.ts';
import { offerVerbs } from './verbs/offers.ts';
import { pathVerbs } from './verbs/paths.ts';
import { profileVerbs } from './verbs/profiles.ts';
import { sessionVerbs } from './verbs/session.ts';
import { trustVerbs } from './verbs/trust.ts';
import { updateVerbs } from './verbs/update.ts';
import { viewVerbs } from './verbs/views.ts';
import { type Verb } from './verb.ts';

/** Everything that can be typed after `webmesh`. A test proves that no command of the contract is missing. */
export const verbs: readonly Verb[] = [
  ...sessionVerbs, join, ...inviteVerbs, ...deviceVerbs, ...trustVerbs, ...auditVerbs, ...viewVerbs, ...historyVerbs, ...healthVerbs, ...pathVerbs, ...forwardVerbs, ...offerVerbs, ...profileVerbs, ...updateVerbs, ...appVerbs(() => verbs),
];
