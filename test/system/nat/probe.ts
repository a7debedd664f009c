import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

export type Asked =
  | { readonly do: 'open'; readonly port: number; readonly family: 4 | 6; readonly mirror: boolean }
  | { readonly do: 'send'; readonly port: number; readonly to: string; readonly text: string }
  | { readonly do: 'heard' | 'close'; readonly port: number };

export interface Heard {
  readonly from: string;
  readonly text: string;
}

const momentMs = 60;
/** A mirror is a process of its own, which a busy machine lets wait. */
const patienceMs = 5_000;

/** A process in a namespace that has UDP sockets. A socket is named by its port. */
export interface Probe {
  /** Opens a socket; with `mirror` it answers each datagram with the address it came from. */
  open(port?: number, options?: { readonly family?: 4 | 6; readonly mirror?: boolean }): Promise<number>;
  send(port: number, to: string, text?: string): Promise<void>;
  /** What came since the last question: waits until so many came, else for a moment, in which what is on its way comes. */
  heard(port: number, atLeast?: number): Promise<readonly Heard[]>;
  end(): void;
}

export function probeIn(namespace: string): Probe {
  const child = spawn('ip', ['netns', 'exec', namespace, process.execPath, new URL('./udp-probe.ts', import.meta.url).pathname], { stdio: ['pipe', 'pipe', 'inherit'] });
  const waiting = new Map<number, (answer: unknown) => void>();
  createInterface({ input: child.stdout }).on('line', (line) => {
    const { id, answer } = JSON.parse(line) as { id: number; answer: unknown };
    waiting.get(id)?.(answer);
    waiting.delete(id);
  });
  let ids = 0;
  const ask = (asked: Asked): Promise<unknown> => new Promise((resolve, reject) => {
    const id = ++ids;
    waiting.set(id, (answer) => {
      if (typeof answer === 'object' && answer !== null && 'error' in answer) reject(new Error(String(answer.error)));
      else resolve(answer);
    });
    child.stdin.write(`${JSON.stringify({ id, ask: asked })}\n`);
  });
  return {
    open: async (port = 0, { family = 4, mirror = false } = {}) => Number(await ask({ do: 'open', port, family, mirror })),
    send: async (port, to, text = 'x') => void (await ask({ do: 'send', port, to, text })),
    heard: async (port, atLeast = 0) => {
      const heard: Heard[] = [];
      const endMs = performance.now() + (atLeast > 0 ? patienceMs : momentMs);
      do {
        await sleep(atLeast > 0 ? momentMs / 6 : momentMs);
        heard.push(...(await ask({ do: 'heard', port })) as Heard[]);
      } while (heard.length < atLeast && performance.now() < endMs);
      return heard;
    },
    end: () => void child.stdin.end(),
  };
}
