import { spawn } from 'node:child_process';
import { writeFileAtomic } from './files.ts';

/**
 * Opens a link that holds a secret in the system's browser. Arguments of a process can be read by every user of the machine, so the
 * link goes into a file of mode 0600 and the browser is given the file. Resolves to false when there is nothing to open it with.
 */
export async function openPrivately(url: string, redirectFile: string): Promise<boolean> {
  await writeFileAtomic(redirectFile, redirectPage(url), 0o600);
  return start(...opener(redirectFile));
}

/** A page that goes on to `url` at once. The URL is ours and holds no character that HTML treats specially. */
export function redirectPage(url: string): string {
  return `<!doctype html><meta charset="utf-8"><meta name="referrer" content="no-referrer"><meta http-equiv="refresh" content="0;url=${url}"><title>Webmesh</title>\n`;
}

function opener(file: string): [string, string[]] {
  switch (process.platform) {
    case 'darwin':
      return ['open', [file]];
    case 'win32':
      return ['rundll32.exe', ['url.dll,FileProtocolHandler', file]];
    default:
      return ['xdg-open', [file]];
  }
}

function start(program: string, args: string[]): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn(program, args, { stdio: 'ignore', detached: true });
    child.once('error', () => resolve(false));
    child.once('spawn', () => resolve(true));
    child.unref();
  });
}
