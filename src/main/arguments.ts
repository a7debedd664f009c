import { isAbsolute, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Our own options among those of Electron, Chromium and the desktop, which all share one command line. */
export interface Arguments {
  readonly home: string | undefined;
  readonly helperSocket: string | undefined;
  /** Start without showing the window: at login. */
  readonly hidden: boolean;
  /** Take back what an AppImage left among a person's files, and end; `purge`: the networks too. */
  readonly uninstall: 'no' | 'keep' | 'purge';
}

/** What the desktop hands over from elsewhere: a link that was clicked, or a file that was opened. */
export type Handed = { readonly kind: 'link'; readonly link: string } | { readonly kind: 'file'; readonly path: string };

/**
 * Options count only before the first thing that comes from elsewhere, and before `--`: a link that a desktop splits in the wrong place can
 * not become an option of ours. (Chromium's and Node's own options are closed by fuses, and on Windows by the `--` in the registered command.)
 */
export function readArguments(argv: readonly string[]): Arguments {
  const end = argv.findIndex((argument) => argument === '--' || looksHanded(argument));
  const own = end === -1 ? argv : argv.slice(0, end);
  return { home: valueOf(own, '--home'), helperSocket: valueOf(own, '--helper-socket'), hidden: own.includes('--hidden'), uninstall: own.includes('--uninstall') ? (own.includes('--purge') ? 'purge' : 'keep') : 'no' };
}

/** Longest link and path that are looked at. */
const handedMax = 4_096;
/** The alphabet of an invite link (RFC 4648 §5). Some desktops put a slash after it. */
const linkPattern = /^webmesh:\/\/join\/([A-Za-z0-9_-]{1,4000})\/?$/i;

/** The invite among the arguments, without the program's own name; undefined when there is none, or none that could be one. `folder` is where relative paths begin. */
export function handedBy(argv: readonly string[], folder: string): Handed | undefined {
  const found = argv.find(looksHanded);
  if (found === undefined || found.length > handedMax) return undefined;
  const code = linkPattern.exec(found)?.[1];
  if (code !== undefined) return { kind: 'link', link: `webmesh://join/${code}` };
  return isScheme(found) ? undefined : fileOf(found, folder);
}

/** Anything of our scheme, well-formed or not, and the path or file address of an invite file. */
function looksHanded(argument: string): boolean {
  return isScheme(argument) || (/\.webmesh-invite$/i.test(argument) && !argument.startsWith('-'));
}

function isScheme(argument: string): boolean {
  return /^\s*webmesh:/i.test(argument);
}

function fileOf(argument: string, folder: string): Handed | undefined {
  // A file on another machine would be fetched over the network before anybody was asked.
  if (argument.includes('\0') || /^[\\/]{2}/.test(argument)) return undefined;
  if (!/^file:/i.test(argument)) return isAbsolute(argument) || folder !== '' ? { kind: 'file', path: resolve(folder, argument) } : undefined;
  try {
    const url = new URL(argument);
    const path = url.host === '' ? fileURLToPath(url) : '\0';
    return path.includes('\0') ? undefined : { kind: 'file', path: resolve(path) };
  } catch {
    return undefined;
  }
}

function valueOf(argv: readonly string[], name: string): string | undefined {
  const joined = argv.find((argument) => argument.startsWith(`${name}=`));
  if (joined !== undefined) return joined.slice(name.length + 1);
  const at = argv.indexOf(name);
  const value = at === -1 ? undefined : argv[at + 1];
  return value?.startsWith('--') ? undefined : value;
}
