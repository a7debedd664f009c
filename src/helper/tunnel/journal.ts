import { type JournalFile } from '../ports.ts';
import { type Step, undoOf } from './reconcile.ts';
import { type EngineName } from './system.ts';

/** How to take back one step, in a later life if need be. */
export interface Undo {
  readonly engine: EngineName;
  readonly step: Step;
}

export type JournalRead = { readonly kind: 'clean' } | { readonly kind: 'undos'; readonly undos: readonly Undo[] } | { readonly kind: 'damaged'; readonly undos: readonly Undo[] };

/**
 * Remembers on disk what must be undone. `record` resolves once the undos of all given steps are on the disk: call it before the first
 * of them runs. Undos are harmless when their step never ran, so the file only grows until the tunnel is gone, then it is removed:
 * a tunnel whose journal `isFull` is to be built anew before it changes again.
 */
export interface Journal {
  record(steps: readonly Step[], engine: EngineName): Promise<void>;
  isFull(): boolean;
  /** What an earlier life left, newest first. Text after the last line end was never acted on: its step had to wait for the disk. */
  read(): Promise<JournalRead>;
  clear(): Promise<void>;
}

/** What is read. One order has fewer than a hundred. */
const undosMax = 10_000;
const fullAt = undosMax / 2;

export function createJournal(file: JournalFile): Journal {
  const written = new Set<string>();
  return {
    record: async (steps, engine) => {
      const undos = steps.map(undoOf).filter((step) => step !== null);
      const lines = undos.map((step) => JSON.stringify({ engine, step } satisfies Undo)).filter((line) => !written.has(line));
      if (lines.length === 0) return;
      await file.append(`${lines.join('\n')}\n`);
      for (const line of lines) written.add(line);
    },
    isFull: () => written.size >= fullAt,
    read: async () => parseJournal(await file.read()),
    clear: async () => {
      written.clear();
      await file.remove();
    },
  };
}

/** Pure: what a journal's text says. One line that is not an undo makes the whole file damaged; the good lines still count. */
export function parseJournal(text: string | undefined): JournalRead {
  // An empty file is not clean: a life that ended between making it and writing it left it, and it is to be removed.
  if (text === undefined) return { kind: 'clean' };
  const lines = text.slice(0, text.lastIndexOf('\n') + 1).split('\n').filter((line) => line !== '');
  const parsed = lines.slice(0, undosMax).map(parseUndo);
  const undos = parsed.filter((undo) => undo !== undefined).reverse();
  return parsed.length === undos.length && lines.length <= undosMax ? { kind: 'undos', undos } : { kind: 'damaged', undos };
}

const devicePattern = /^(wm[a-z0-9]{1,10}|utun\d{1,4})$/;
const networkPattern = /^[0-9a-f:.]{2,45}\/\d{1,3}$/;

/** The file is root's own, but it is still read as if it were not: nothing but these shapes reaches a command. */
function parseUndo(line: string): Undo | undefined {
  const value = safeJson(line);
  if (!isRecord(value) || !isRecord(value['step'])) return undefined;
  const { engine, step } = value;
  const { kind, device, address, network } = step;
  if ((engine !== 'kernel' && engine !== 'wireguard-go') || typeof device !== 'string' || !devicePattern.test(device)) return undefined;
  if (kind === 'remove-device') return { engine, step: { kind, device } };
  if (kind === 'remove-address' && typeof address === 'string' && networkPattern.test(address)) return { engine, step: { kind, device, address } };
  if (kind === 'remove-route' && typeof network === 'string' && networkPattern.test(network)) return { engine, step: { kind, device, network } };
  return undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function safeJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    // The caller counts it as damage.
    return undefined;
  }
}
