import { type Attack } from '../attack.ts';
import { appSocket } from './app-socket.ts';
import { certificates } from './certificates.ts';
import { channels } from './channels.ts';
import { deepLink } from './deep-link.ts';
import { dns } from './dns.ts';
import { enrolment } from './enrolment.ts';
import { helper } from './helper.ts';
import { listeners } from './listeners.ts';
import { metrics } from './metrics.ts';
import { nodeSocket } from './node-socket.ts';
import { raft } from './raft.ts';
import { relay } from './relay.ts';
import { renderer } from './renderer.ts';
import { revocation } from './revocation.ts';
import { roles } from './roles.ts';
import { secrets } from './secrets.ts';
import { webShell } from './web-shell.ts';

/** All of them, in the order in which they run. */
export const attacks: readonly Attack[] = [
  ...certificates, ...roles, ...raft, ...listeners, ...nodeSocket, ...helper, ...secrets, ...enrolment, ...revocation, ...renderer, ...deepLink, ...appSocket, ...webShell, ...dns, ...metrics, ...relay, ...channels,
];
