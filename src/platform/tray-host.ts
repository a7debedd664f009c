import { execFile } from 'node:child_process';

/** Whether somebody on this desktop shows tray icons. `unknown` where nobody can be asked. */
export type TrayHost = 'there' | 'missing' | 'unknown';

/** Runs a program and answers its output; undefined when the program is not there; rejects when it failed. */
export type Ask = (program: string, args: readonly string[]) => Promise<string | undefined>;

const askMs = 1_000;

/** The desktop's list of tray icons, and the property that says whether anybody shows them (the StatusNotifierItem specification). */
const watcher = 'org.kde.StatusNotifierWatcher';
const property = 'IsStatusNotifierHostRegistered';
const questions: readonly (readonly [string, ...string[]])[] = [
  ['gdbus', 'call', '--session', '--dest', watcher, '--object-path', '/StatusNotifierWatcher', '--method', 'org.freedesktop.DBus.Properties.Get', watcher, property],
  ['busctl', '--user', 'get-property', watcher, '/StatusNotifierWatcher', watcher, property],
];

/**
 * Windows and macOS always have a place for icons. On Linux the session bus is asked, each time: a panel may start after the app, or end before it.
 * A panel that knows only the older XEmbed icons is not seen by this, and counts as missing.
 */
export async function findTrayHost(platform: NodeJS.Platform, ask: Ask = run): Promise<TrayHost> {
  if (platform !== 'linux') return 'there';
  for (const [program, ...args] of questions) {
    try {
      const answer = await ask(program, args);
      if (answer !== undefined) return /\btrue\b/.test(answer) ? 'there' : 'missing';
    } catch {
      return 'missing'; // nobody has that name on the bus, or there is no bus: then there is no panel either
    }
  }
  return 'unknown';
}

function run(program: string, args: readonly string[]): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    execFile(program, args, { timeout: askMs, encoding: 'utf8' }, (error, output) => {
      if (error === null) resolve(output);
      else if (error.code === 'ENOENT') resolve(undefined);
      else reject(error);
    });
  });
}
