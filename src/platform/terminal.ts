import { closeSync, openSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import { ReadStream } from 'node:tty';

/** Somebody at a terminal. Both calls reject with an AbortError when the person presses Ctrl-C. */
export interface TerminalPerson {
  ask(question: string): Promise<string>;
  /** Shows nothing of what is typed. */
  askSecret(question: string): Promise<string>;
}

/** Longest answer, in characters. */
const answerMax = 1_024;
const keys = { interrupt: '\u0003', end: '\u0004', erase: '\u007f', back: '\b', clear: '\u0015' } as const;

/**
 * Whoever sits at the terminal of this process, also while standard input is a pipe: then the terminal itself is opened. Undefined when there is none.
 * Questions go to standard error, so that what a script reads from standard output stays clean.
 */
export function personAtTerminal(interrupt: () => void): TerminalPerson | undefined {
  const own = process.stdin.isTTY ? process.stdin : undefined;
  if (own === undefined && !hasTerminal()) return undefined;
  const withInput = async <T>(use: (input: ReadStream) => Promise<T>): Promise<T> => {
    const input = own ?? new ReadStream(openSync(terminalPath, 'r'));
    try {
      return await use(input);
    } finally {
      if (own === undefined) input.destroy();
      else input.pause();
    }
  };
  return {
    ask: (question) => withInput((input) => askLine(input, question, interrupt)),
    askSecret: (question) => withInput((input) => askHidden(input, question, interrupt)),
  };
}

const terminalPath = process.platform === 'win32' ? '\\\\.\\CONIN$' : '/dev/tty';

function hasTerminal(): boolean {
  try {
    closeSync(openSync(terminalPath, 'r'));
    return true;
  } catch {
    return false;
  }
}

async function askLine(input: ReadStream, question: string, interrupt: () => void): Promise<string> {
  const reader = createInterface({ input, output: process.stderr });
  const stopped = new AbortController();
  reader.once('SIGINT', () => stopped.abort());
  reader.once('close', () => stopped.abort());
  try {
    return (await reader.question(question, { signal: stopped.signal })).slice(0, answerMax);
  } catch (error) {
    interrupt();
    throw error;
  } finally {
    reader.close();
  }
}

function askHidden(input: ReadStream, question: string, interrupt: () => void): Promise<string> {
  return new Promise((resolve, reject) => {
    let typed = '';
    const decoder = new TextDecoder();
    const end = (finish: () => void): void => {
      input.off('data', take);
      input.setRawMode(false);
      process.stderr.write('\n');
      finish();
    };
    const take = (chunk: Buffer): void => {
      for (const key of decoder.decode(chunk, { stream: true })) {
        if (key === '\r' || key === '\n') return end(() => resolve(typed));
        if (key === keys.interrupt || key === keys.end) {
          return end(() => {
            interrupt();
            reject(new DOMException('interrupted', 'AbortError'));
          });
        }
        if (key === keys.erase || key === keys.back) typed = [...typed].slice(0, -1).join('');
        else if (key === keys.clear) typed = '';
        else if (key >= ' ' && typed.length < answerMax) typed += key;
      }
    };
    process.stderr.write(question);
    input.setRawMode(true);
    input.on('data', take);
    input.resume();
  });
}
