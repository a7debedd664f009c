import { homedir } from 'node:os';
import { basename, dirname, isAbsolute, join, resolve } from 'node:path';

/** Where one person's Webmesh keeps what it knows. Two homes are two independent apps. */
export interface Home {
  readonly folder: string;
  /** The core of this home answers here. */
  readonly appSocket: string;
  /** The web shell of this home answers here, when one runs. */
  readonly webSocket: string;
  readonly logFile: string;
  /** Output of a web shell that was started in the background. */
  readonly shellLogFile: string;
  /** Holds the link with a ticket, for the browser alone to read. */
  readonly redirectFile: string;
}

/** The named folder, or the one that the system gives to programs' settings. */
export function homeAt(folder: string | undefined, env: NodeJS.ProcessEnv = process.env): Home {
  const at = folder === undefined ? defaultFolder(env) : resolve(folder);
  return {
    folder: at,
    appSocket: join(at, 'run', 'app.sock'),
    webSocket: join(at, 'run', 'web.sock'),
    logFile: join(at, 'logs', 'app.log'),
    shellLogFile: join(at, 'logs', 'shell.log'),
    redirectFile: join(at, 'run', 'open.html'),
  };
}

function defaultFolder(env: NodeJS.ProcessEnv): string {
  const { APPDATA: roaming } = env;
  return join(process.platform === 'win32' && roaming ? roaming : configFolder(env), 'webmesh');
}

/** Where programs keep what a person set (XDG base directory specification, which says to ignore relative values). */
export function configFolder({ XDG_CONFIG_HOME: config }: NodeJS.ProcessEnv = process.env): string {
  return config && isAbsolute(config) ? config : join(homedir(), '.config');
}

/** A file of the built product, as seen from the folder of a root: beside it in dist, or in dist when the root runs from source. */
export function builtFile(rootFolder: string, ...parts: string[]): string {
  const fromSource = basename(dirname(rootFolder)) === 'src';
  return fromSource ? join(rootFolder, '..', '..', 'dist', ...parts) : join(rootFolder, '..', ...parts);
}

/** Where the helper that was installed as a service listens. */
export function defaultHelperSocket(): string {
  if (process.platform === 'win32') return join(process.env['ProgramData'] ?? 'C:\\ProgramData', 'Webmesh', 'run', 'helper.sock');
  return process.platform === 'darwin' ? '/var/run/webmesh/helper.sock' : '/run/webmesh/helper.sock';
}
