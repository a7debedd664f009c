import { spawn } from 'node:child_process';
import { lstatSync, realpathSync } from 'node:fs';
import { dirname, extname, isAbsolute } from 'node:path';
import { exec } from 'sudo-prompt';
import { failure } from '../base/failure.ts';

export interface ElevateOptions {
  /** The Node program that runs the helper's script; left out when the helper is a program itself. */
  readonly node?: string;
  /** The word by which a program that holds several starts the helper. */
  readonly entry?: '@helper';
  /** The helper's folders; its own defaults when left out. */
  readonly run?: string;
  readonly state?: string;
  /** A folder that may hold wireguard-go. */
  readonly cache?: string;
  /** The user who may use the helper; this one when left out. */
  readonly owner?: number;
}

/** What the asking window calls us. The prompt accepts letters and spaces only. */
const promptName = 'Webmesh';
/** Absolute paths of these letters need no quoting rules to think about: nothing in them means anything to a shell. */
const posixPath = /^\/[A-Za-z0-9_@%+=:,./ -]{1,400}$/;
const windowsPath = /^[A-Za-z]:\\[A-Za-z0-9_@+=,.\\ ()-]{1,240}$/;

/**
 * Starts the privileged helper in the background with one fixed command: directly when we are root, else by asking the person through the
 * system's own window. Resolves when the command was accepted; whether the helper serves is seen on its socket.
 * Throws helper.declined when the person said no, helper.unreachable {problem} when nothing could ask, input.invalid for a path that no
 * command line should hold, helper.not-trusted when others could change what would run as root.
 */
export async function elevateHelper(helperPath: string, options: ElevateOptions = {}): Promise<void> {
  const words = helperCommand(helperPath, options, process.geteuid?.());
  for (const path of words.filter((word) => isAbsolute(word) && [helperPath, options.node].includes(word))) refuseChangeable(path);
  if (process.geteuid?.() === 0) return startDirectly(words);
  if (!isQuotable(process.cwd())) throw failure('input.invalid', { path: process.cwd(), reason: 'the present folder has letters that no command line should hold' });
  await ask(commandLine(words));
}

/** Pure: the words of the one command. */
export function helperCommand(helperPath: string, { node, entry, run, state, cache, owner }: ElevateOptions, self: number | undefined): readonly string[] {
  const needsNode = ['.mjs', '.cjs', '.js', '.ts'].includes(extname(helperPath));
  if (needsNode && node === undefined) throw failure('input.invalid', { path: helperPath, reason: 'a script needs the program that runs it' });
  const flags = Object.entries({ run, state, cache }).flatMap(([name, value]) => (value === undefined ? [] : [`--${name}`, value]));
  const user = owner ?? self;
  const words = [...(needsNode ? [node ?? ''] : []), helperPath, ...(entry === undefined ? [] : [entry]), ...flags, ...(user === undefined || user === 0 ? [] : ['--owner', String(user)]), '--detach'];
  for (const path of [helperPath, ...[node, run, state, cache].filter((value) => value !== undefined)]) {
    if (!isAbsolute(path) || !isQuotable(path) || path.split(/[/\\]/).includes('..')) throw failure('input.invalid', { path, reason: 'not a plain absolute path' });
  }
  return words;
}

/** Pure: the words as one line. Every word passed the pattern, so quotes around it are all that is needed, in every shell. */
export function commandLine(words: readonly string[]): string {
  const quote = process.platform === 'win32' ? '"' : "'";
  return words.map((word) => `${quote}${word}${quote}`).join(' ');
}

function isQuotable(path: string): boolean {
  return (process.platform === 'win32' ? windowsPath : posixPath).test(path);
}

/**
 * What runs as root must be what we meant: the file, every folder above it and every link on the way belong to root or to us, and nobody else
 * can write there. A sticky folder such as /tmp may stand on the way, since nobody can move what is not his in it. A group of our own may
 * write: many systems give each user one.
 */
function refuseChangeable(path: string): void {
  if (process.platform === 'win32') return;
  for (const file of new Set([path, realpathSync(path)])) {
    for (let part = file; ; part = dirname(part)) {
      refusePart(part, part === file);
      if (part === dirname(part)) break;
    }
  }
}

const stickyBit = 0o1000;

function refusePart(part: string, isFile: boolean): void {
  const found = lstatSync(part);
  const { uid, gid, mode } = found;
  if (uid !== 0 && uid !== process.geteuid?.()) throw failure('helper.not-trusted', { path: part, reason: 'it belongs to another user' });
  if (found.isSymbolicLink()) return; // its mode means nothing; the folder that it lies in was or will be looked at
  const open = (mode & 0o002) !== 0 || ((mode & 0o020) !== 0 && gid !== 0 && gid !== process.getegid?.());
  if (open && ((mode & stickyBit) === 0 || isFile)) throw failure('helper.not-trusted', { path: part, reason: 'others could change it' });
}

function startDirectly([program = '', ...args]: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: 'ignore' });
    child.once('error', (error) => reject(failure('helper.unreachable', { problem: error.message }, error)));
    child.once('exit', (code) => (code === 0 ? resolve() : reject(failure('helper.unreachable', { problem: `the helper ended with code ${code}` }))));
  });
}

function ask(command: string): Promise<void> {
  return new Promise((resolve, reject) => {
    exec(command, { name: promptName }, (error) => {
      if (!error) return resolve();
      if (/did not grant permission/i.test(error.message)) return reject(failure('helper.declined', {}, error));
      reject(failure('helper.unreachable', { problem: error.message.slice(0, 200) }, error));
    });
  });
}
