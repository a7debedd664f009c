import { failure } from '../../base/failure.ts';
import { type Caller } from './callers.ts';

/**
 * The tunnels and node processes of this machine belong to the one user who asked for them, until all are gone. Others who may call are
 * declined; root and the owner may take over, and then the first user's are ended.
 */
export interface Holder {
  /** Runs an order of this user for something to be there. Throws helper.declined {holder, problem} when another one has the tunnels. */
  order<T>(caller: Caller, work: () => Promise<T>): Promise<T>;
  /** Runs an order that only ends something: nobody becomes the holder by it. */
  end<T>(caller: Caller, work: () => Promise<T>): Promise<T>;
  /** True when this user may see what the helper does. */
  maySee(caller: Caller): boolean;
}

export interface HolderPorts {
  /** Whether a tunnel is there or a node process is wanted. */
  readonly inUse: () => boolean;
  /** Takes away what users other than this one have, or had. */
  readonly endOthers: (uid: number) => Promise<void>;
  /** A user's name for the sentence. */
  readonly nameOf: (uid: number) => string;
}

export function createHolder({ inUse, endOthers, nameOf }: HolderPorts): Holder {
  let uid: number | undefined;
  let running = 0;
  let ending: Promise<void> = Promise.resolve();
  const has = (caller: Caller): boolean => caller.privileged || uid === caller.uid;
  const isFree = (): boolean => uid === undefined || (running === 0 && !inUse());

  function declineOthers(caller: Caller): void {
    if (uid === undefined || has(caller) || isFree()) return;
    const holder = nameOf(uid);
    throw failure('helper.declined', { holder, problem: `the tunnels of this machine belong to ${holder} until that user disconnects` });
  }

  async function counted<T>(work: () => Promise<T>): Promise<T> {
    running++;
    try {
      return await work();
    } finally {
      running--;
    }
  }

  return {
    order: async (caller, work) => {
      declineOthers(caller);
      if (uid !== caller.uid) {
        uid = caller.uid;
        ending = endOthers(caller.uid);
      }
      return counted(async () => {
        await ending;
        // Whoever took over meanwhile is asked, like at the beginning.
        if (uid !== caller.uid) declineOthers({ ...caller, privileged: false });
        return work();
      });
    },
    end: async (caller, work) => {
      declineOthers(caller);
      return counted(work);
    },
    maySee: (caller) => has(caller) || isFree(),
  };
}
