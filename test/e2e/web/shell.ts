import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../../..');

/** A web shell as a person would start it: the built bundle, its own process. */
export interface RunningShell {
  readonly url: string;
  readonly origin: string;
  readonly process: ChildProcess;
  readonly output: readonly string[];
  /** Sends SIGTERM and resolves to the exit code. */
  stop(): Promise<number | null>;
}

export async function startShell(home: string, extra: readonly string[] = []): Promise<RunningShell> {
  const child = spawn(join(root, 'node_modules/.bin/node'), [join(root, 'dist/web/server.mjs'), '--home', home, '--json-status', '--helper-socket', join(home, 'no-helper.sock'), ...extra], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output: string[] = [];
  const ended = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
  child.stderr.on('data', (data) => output.push(String(data)));
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout.on('data', (data) => {
      output.push(String(data));
      const found = /"url":"([^"]+)"/.exec(output.join(''))?.[1];
      if (found) resolve(found);
    });
    void ended.then((code) => reject(new Error(`the web shell ended with code ${code}: ${output.join('')}`)));
  });
  return {
    url,
    origin: new URL(url).origin,
    process: child,
    output,
    stop: () => {
      child.kill('SIGTERM');
      return ended;
    },
  };
}
