import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { Cdp } from './cdp.ts';

export interface Chromium {
  readonly process: ChildProcess;
  readonly cdp: Cdp;
}

/** Starts Chromium without a window and connects to it. It dies with this process, also when that is killed. */
export async function startChromium({ userData, headless, switches }: { userData: string; headless: boolean; switches: readonly string[] }): Promise<Chromium> {
  const program = process.env.STANDIN_CHROMIUM ?? '/usr/bin/chromium';
  const command = existsSync('/usr/bin/setpriv') ? ['/usr/bin/setpriv', '--pdeathsig', 'KILL', program] : [program];
  const child = spawn(command[0] ?? program, [...command.slice(1), ...quiet, `--user-data-dir=${userData}`, ...(headless ? ['--headless'] : []), ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []), ...switches], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  process.on('exit', () => child.kill('SIGKILL'));
  return { process: child, cdp: await Cdp.connect(await addressOf(child)) };
}

const quiet = [
  '--remote-debugging-port=0', '--no-startup-window', '--no-first-run', '--no-default-browser-check', '--disable-gpu', '--disable-quic', '--disable-background-networking',
  '--disable-component-update', '--disable-sync', '--disable-extensions', '--password-store=basic',
];

/** Playwright waits for this very line on our stderr, so it is passed on. */
function addressOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`Chromium ended with code ${code} before it was ready`)));
    if (child.stderr === null) return reject(new Error('Chromium has no stderr'));
    createInterface({ input: child.stderr }).on('line', (line) => {
      const url = /^DevTools listening on (ws:\/\/.*)$/.exec(line)?.[1];
      if (url === undefined) return;
      process.stderr.write(`${line}\n`);
      resolve(url);
    });
  });
}
