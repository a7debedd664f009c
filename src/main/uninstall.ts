import { existsSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { forgetAppImage, type LinkPlaces } from './appimage-links.ts';
import { programOf } from './desktop-entry.ts';
import { loginFile } from './login-item.ts';
import { type ShellWords } from './words/en.ts';

export interface UninstallPorts {
  /** The AppImage that we run from. */
  readonly file: string;
  readonly links: LinkPlaces;
  /** The copy that root runs (platform/appimage). */
  readonly service: string;
  /** The home that the app has unless it is told another one: networks, keys, settings, logs. */
  readonly home: string;
  /** What the helper, as root, keeps: device keys and networks' data. Undefined while an installed package uses the same. */
  readonly rootFolder: string | undefined;
  /** Ends the app that runs; false: none did. Rejects when it does not end. */
  endApp(): Promise<boolean>;
  /** Ends the helper if it runs from that copy, which takes tunnels down; false: none did. Rejects when it goes on. */
  endService(): Promise<boolean>;
  say(line: string): void;
}

/**
 * Takes back what an AppImage left among a person's files, and says each thing that it did. Networks and keys stay unless `purge`. Nothing is
 * removed while something still runs. Running it again is harmless.
 */
export async function uninstall(purge: boolean, ports: UninstallPorts, words: ShellWords['uninstall']): Promise<void> {
  const { say, links, service, home, rootFolder, file } = ports;
  const removed = async (path: string): Promise<void> => {
    if (!existsSync(path)) return;
    await rm(path, { recursive: true });
    say(words.removed(path));
  };
  if (await ports.endApp()) say(words.appEnded);
  if (await ports.endService()) say(words.serviceEnded);
  for (const folder of [service, `${service}.new`]) await removed(folder);
  const login = loginFile(links.config);
  if (await isOurs(login, file)) await removed(login);
  for (const path of await forgetAppImage(links)) say(existsSync(path) ? words.changed(path) : words.removed(path));
  if (purge) await removed(home);
  else if (existsSync(home)) say(words.kept(home));
  if (rootFolder !== undefined && existsSync(rootFolder)) say(words.roots(rootFolder));
  say(words.last(file));
}

/** An installed package starts at login by a file of the same name. One whose program is gone is ours: an AppImage that was moved. */
async function isOurs(login: string, file: string): Promise<boolean> {
  const program = programOf(await readFile(login, 'utf8').catch(() => ''));
  return program !== undefined && (program === file || !existsSync(program));
}
