import { spawn } from 'node:child_process';
import { accessSync, constants, openSync, closeSync, unlinkSync, writeSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { failure } from '../base/failure.ts';
import { type Command, type CommandResult, type CommandRunner } from '../helper/ports.ts';

const deadlineMs = 10_000;
const outputBytesMax = 16 << 20;
const system32 = join(process.env.SystemRoot ?? 'C:\\Windows', 'System32');
/** The system's own folders. The PATH of whoever started us is not asked: this runs as root. */
export const systemFolders = process.platform === 'win32'
  ? [system32, join(system32, 'WindowsPowerShell', 'v1.0')]
  : ['/usr/sbin', '/usr/bin', '/sbin', '/bin'];

/** The absolute path of a system program, or undefined. */
export function systemProgram(name: string): string | undefined {
  const files = systemFolders.map((folder) => join(folder, process.platform === 'win32' ? `${name}.exe` : name));
  return files.find((file) => isExecutable(file));
}

/** Runs system programs without a shell and with a bare environment. Input is given as an unlinked file in `folder`, which must be root's own. */
export function commandRunner(folder: string): CommandRunner {
  let inputs = 0;
  return {
    run: async (command) => {
      const [name, ...args] = command.argv;
      const file = name === undefined ? undefined : systemProgram(name);
      if (file === undefined) throw failure('tunnel.engine-missing', { program: name ?? '' });
      // /dev/stdin cannot be opened again on a pipe of Node's (it is a socket), on a file it can. Unlinked, nobody else finds it.
      const stdin = command.input === undefined ? undefined : unlinkedFile(join(folder, `.input-${process.pid}-${++inputs}`), command.input.reveal());
      try {
        return await finished(file, args, stdin ?? 'ignore', command);
      } finally {
        if (stdin !== undefined) closeSync(stdin);
      }
    },
  };
}

function finished(file: string, args: readonly string[], stdin: number | 'ignore', { argv }: Command): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { stdio: [stdin, 'pipe', 'pipe'], env: { PATH: systemFolders.join(delimiter), LC_ALL: 'C' }, timeout: deadlineMs, killSignal: 'SIGKILL', windowsHide: true });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    let bytes = 0;
    const take = (list: Buffer[]) => (data: Buffer) => {
      bytes += data.length;
      if (bytes > outputBytesMax) child.kill('SIGKILL');
      else list.push(data);
    };
    child.stdout?.on('data', take(out));
    child.stderr?.on('data', take(err));
    child.once('error', (error) => reject(failure('tunnel.failed', { program: argv[0] ?? '', problem: error.message }, error)));
    child.once('close', (code, signal) => {
      const stderr = Buffer.concat(err).toString();
      resolve({ code: code ?? -1, stdout: Buffer.concat(out).toString(), stderr: signal === null ? stderr : `${stderr}ended by ${signal}` });
    });
  });
}

function unlinkedFile(path: string, text: string): number {
  const descriptor = openSync(path, 'wx+', 0o600);
  unlinkSync(path);
  writeSync(descriptor, text);
  return descriptor;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    // Not there, or not for us: the same answer.
    return false;
  }
}
