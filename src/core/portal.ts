import { abortError, withDeadline } from '../base/abort.ts';
import { type Cell, cell, type ReadCell } from '../base/cell.ts';
import type { Cancel, Clock } from '../base/clock.ts';
import type { PortalProbe } from './ports.ts';

/** The ordinary tries of the session come first. */
const firstMs = 1_500;
const againMs = 15_000;
const answerMs = 4_000;
const hostsMost = 3;

export interface PortalWatch {
  /** Where the network at hand wants a person to sign in; null: nothing is in the way, or nobody looked. */
  readonly portal: ReadCell<string | null>;
  /** Looks for one among these hosts of the mesh, now and then, until told null: the mesh answers, so nothing is in the way. */
  look(hosts: readonly string[] | null): void;
  close(): void;
}

/**
 * Finds out whether a sign-in page stands between this machine and the mesh. Nobody is asked but the mesh's own nodes, and only while they
 * do not answer: whoever watches the line learns nothing that the tries to connect do not tell already.
 */
export function watchPortal({ clock, probe }: { readonly clock: Clock; readonly probe: PortalProbe }): PortalWatch {
  const portal: Cell<string | null> = cell<string | null>(null);
  let looking: { readonly hosts: readonly string[]; readonly ending: AbortController } | null = null;
  let cancel: Cancel = () => {};

  async function round(hosts: readonly string[], signal: AbortSignal): Promise<void> {
    const found = await Promise.all(hosts.map((host) => lookAt(host, signal)));
    if (signal.aborted) return;
    const answered = found.filter((answer) => answer !== undefined);
    // Silence says nothing either way: a page that was there may still be.
    if (answered.length > 0) portal.set(answered.find((link) => link !== null) ?? null);
    cancel = clock.after(againMs, () => void round(hosts, signal));
  }

  async function lookAt(host: string, signal: AbortSignal): Promise<string | null | undefined> {
    try {
      return await withDeadline(clock, answerMs, 'portal', signal, (inner) => probe.look(host, inner));
    } catch {
      return undefined; // No answer in time, or nobody waits for it any more.
    }
  }

  function stop(): void {
    looking?.ending.abort(abortError());
    looking = null;
    cancel();
  }

  return {
    portal,
    look: (all) => {
      const hosts = all === null ? null : [...new Set(all)].slice(0, hostsMost);
      if (hosts === null || hosts.length === 0) {
        stop();
        portal.set(null);
        return;
      }
      if (looking?.hosts.join() === hosts.join()) return;
      stop();
      const ending = new AbortController();
      looking = { hosts, ending };
      cancel = clock.after(firstMs, () => void round(hosts, ending.signal));
    },
    close: stop,
  };
}
