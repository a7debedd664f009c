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
 * Questions go to standard error, so that what a script reads from standard output stays clean. `interrupted` is aborted by Ctrl-C, and ends a question.
 */
export function personAtTerminal(interrupted: AbortController): TerminalPerson | undefined {
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
    ask: (question) => withInput((input) => askLine(input, question, interrupted)),
    askSecret: (question) => withInput((input) => askHidden(input, question, interrupted)),
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

/** The terminal edits the line itself, so that nothing but the question is written. */
async function askLine(input: ReadStream, question: string, interrupted: AbortController): Promise<string> {
  const reader = createInterface({ input, output: process.stderr, terminal: false });
  const closed = new AbortController();
  reader.once('close', () => closed.abort());
  try {
    return (await reader.question(question, { signal: AbortSignal.any([interrupted.signal, closed.signal]) })).slice(0, answerMax);
  } catch (error) {
    interrupted.abort();
    throw error;
  } finally {
    reader.close();
  }
}

function askHidden(input: ReadStream, question: string, interrupted: AbortController): Promise<string> {
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
            interrupted.abort();
            reject(new DOMException('interrupted', 'AbortError'));
          });
        }
        if (key === keys.erase || key === keys.back) typed = [...typed].slice(0, -1).join('');
        else if (key === keys.clear) typed = '';
        else if (key >= ' ' && typed.length < answerMax) typed += key;
      }
    };
    // Before the question: nobody types faster than it is shown, but scripts do.
    input.setRawMode(true);
    input.on('data', take);
    input.resume();
    process.stderr.write(question);
  });
}
