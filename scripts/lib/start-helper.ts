import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { answers, endAfter } from './hosts.ts';
import { findCommand, root, say, SetUpError } from './set-up.mjs';

export interface RunningHelper {
  readonly socket: string;
  /** Ends the helper if this run started it; a helper of the system service stays. */
  /** Answers whether it ended cleanly, with every change undone. */
  stop(): Promise<boolean>;
}

const systemRun = '/run/webmesh';
const systemState = '/var/lib/webmesh';
const startMs = 10_000;
const stopMs = 15_000;

/**
 * The privileged helper: the installed service if it answers, else one of our own, started directly as root or through sudo.
 * It ends when this process's pipe to it closes, so a crash here leaves nothing behind.
 */
export async function startHelper(): Promise<RunningHelper> {
  const socket = join(systemRun, 'helper.sock');
  if (await answers(socket)) return { socket, stop: async () => true };
  const child = launch();
  let problem = '';
  child.stderr?.on('data', (data) => (problem = (problem + String(data)).slice(-2000)));
  const end = Date.now() + startMs + (isRoot() ? 0 : 60_000);
  while (!(await answers(socket))) {
    if (child.exitCode !== null) throw new SetUpError(`the helper ended with code ${child.exitCode}: ${lastLine(problem)}`);
    if (Date.now() > end) throw new SetUpError(`the helper did not open ${socket} in time: ${lastLine(problem)}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return { socket, stop: () => stop(child) };
}

function launch(): ChildProcess {
  const helper = [join(root, 'dist/helper/helper.mjs'), '--run', systemRun, '--state', systemState, '--cache', join(root, '.cache/wireguard-go'), '--until-stdin-ends'];
  if (isRoot()) return spawn(process.execPath, helper, { stdio: ['pipe', 'ignore', 'pipe'], detached: true });
  if (!findCommand('sudo')) throw new SetUpError('the helper makes a network device and needs root: run npm start as root, or install sudo');
  say('the helper makes a network device, so it asks for root through sudo');
  return spawn('sudo', [process.execPath, ...helper, '--owner', String(process.getuid?.())], { stdio: ['pipe', 'ignore', 'pipe'] });
}

async function stop(child: ChildProcess): Promise<boolean> {
  return (await endAfter(child, () => child.stdin?.end(), stopMs)) && child.exitCode === 0;
}

function isRoot(): boolean {
  return process.getuid?.() === 0;
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? 'it said nothing';
}
