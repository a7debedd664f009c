import { type Attack } from '../attack.ts';
import { appSocket } from './app-socket.ts';
import { deepLink } from './deep-link.ts';
import { renderer } from './renderer.ts';
import { webShell } from './web-shell.ts';

/** All of them, in the order in which they run. */
export const attacks: readonly Attack[] = [...renderer, ...deepLink, ...appSocket, ...webShell];
