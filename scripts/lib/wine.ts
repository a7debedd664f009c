import { spawn, spawnSync } from 'node:child_process';
import { closeSync, constants, existsSync, mkdirSync, openSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Answer } from './clean-debian.ts';

/** A Windows as Wine plays it: its own registry, drive and services. Close to the real one, and not it. */
export interface Wine {
  /** Runs a program; a path is Windows' own, or a name that its System32 holds. */
  run(...words: readonly string[]): Answer;
  /** A file of its drive C, as this machine sees it. */
  path(...parts: readonly string[]): string;
  end(): Promise<void>;
}

const program = '/usr/lib/wine/wine64';
const server = '/usr/lib/wine/wineserver64';
const runMs = 120_000;

/** Undefined where Wine is not installed (apt-get install --no-install-recommends wine64). */
export function startWine(folder: string): Wine | undefined {
  if (!existsSync(program)) return undefined;
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  mkdirSync(folder, { recursive: true });
  const env = { PATH: '/usr/bin:/bin', HOME: folder, WINEPREFIX: join(folder, 'prefix'), WINEDEBUG: '-all', WINEDLLOVERRIDES: 'mscoree,mshtml=' };
  const output = join(folder, 'output');
  const run = (...words: readonly string[]): Answer => {
    // Into a file: a pipe of Node's is a socket, which programs there cannot write to.
    const file = openSync(output, 'w');
    const { status } = spawnSync(program, [...words], { env, stdio: ['ignore', file, file], timeout: runMs, killSignal: 'SIGKILL' });
    closeSync(file);
    return { code: status ?? 1, out: readFileSync(output, 'utf8').replaceAll('\r', '').trim() };
  };
  // The first start makes drive and registry; it has to end before the next, or there would be two managers of services. Node runs on nothing older than 10.
  const first = { env, stdio: 'ignore', timeout: runMs } as const;
  for (const words of [[program, 'wineboot', '-i'], [server, '-w'], [program, 'winecfg', '-v', 'win10'], [server, '-w']]) spawnSync(words[0] ?? '', words.slice(1), first);
  // Services end with the last program of a person; so the first that starts stays, and waits for words.
  const words = join(folder, 'words');
  spawnSync('mkfifo', [words]);
  const input = openSync(words, constants.O_RDWR);
  const person = spawn('setpriv', ['--pdeathsig', 'KILL', program, 'cmd'], { env, stdio: [input, 'ignore', 'ignore'] });
  const ended = new Promise<void>((resolve) => void person.once('exit', () => resolve()));
  return {
    run,
    path: (...parts) => join(folder, 'prefix/drive_c', ...parts),
    end: async () => {
      spawnSync(server, ['-k'], { env });
      await ended;
      closeSync(input);
      rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}

/** How Wine calls a file of this machine. */
export function windowsPath(path: string): string {
  return `Z:${path.replaceAll('/', '\\')}`;
}
