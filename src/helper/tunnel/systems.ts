import { darwin } from './darwin.ts';
import { linux } from './linux.ts';
import { type System } from './system.ts';
import { windows } from './windows.ts';

/** The system files by Node's name of the platform; every other Unix is taken for a Linux and says soon what it lacks. */
export function systemFor(platform: string): System {
  return platform === 'darwin' ? darwin : platform === 'win32' ? windows : linux;
}
