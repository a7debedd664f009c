import { type Attack } from '../attack.ts';
import { webShell } from './web-shell.ts';

/** All of them, in the order in which they run. */
export const attacks: readonly Attack[] = [...webShell];
