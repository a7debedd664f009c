import { type Target, targetText } from './destinations.ts';
import { type Link } from './link.ts';

/** Connections to far nodes, shared by what uses them: one to each node of ours, one for each destination of any other. */
export interface LinkPool {
  /** An open one, or a new one. */
  link(peer: string, target: Target, signal: AbortSignal): Promise<Link>;
  /** Nobody uses connections to this node any more. */
  close(peer: string): void;
}

export function createLinkPool(dial: (peer: string, target: Target, signal: AbortSignal) => Promise<Link>): LinkPool {
  const links = new Map<string, Link>();
  const dialling = new Map<string, Promise<unknown>>();
  const keyOf = (peer: string, target: Target): string => `${peer} ${targetText(target)}`;

  function known(peer: string, target: Target): Link | undefined {
    return [links.get(peer), links.get(keyOf(peer, target))].find((link) => link?.alive);
  }

  async function dialled(peer: string, target: Target, signal: AbortSignal): Promise<Link> {
    const link = await dial(peer, target, signal);
    const key = link.ours ? peer : keyOf(peer, target);
    links.set(key, link);
    void link.ended.then(() => {
      if (links.get(key) === link) links.delete(key);
    });
    return link;
  }

  return {
    link: async (peer, target, signal) => {
      // One at a time to each node: what the first finds may serve the next.
      for (let other = dialling.get(peer); other && !known(peer, target); other = dialling.get(peer)) await other;
      const open = known(peer, target);
      if (open) return open;
      signal.throwIfAborted();
      const attempt = dialled(peer, target, signal);
      const settled = attempt.then(() => {}, () => {}).finally(() => {
        if (dialling.get(peer) === settled) dialling.delete(peer);
      });
      dialling.set(peer, settled);
      return attempt;
    },
    close: (peer) => {
      for (const [key, link] of [...links]) if (key === peer || key.startsWith(`${peer} `)) link.close();
    },
  };
}
