import { failure } from '../../base/failure.ts';
import { type Caller } from './callers.ts';

/**
 * The tunnel and the node process of this machine belong to the user who asked for them, until both are gone. Others who may call are
 * declined; root and the owner may take over.
 */
export interface Holder {
  /** Runs an order of this user. Throws helper.declined {holder, problem} when another one has the tunnel. */
  order<T>(caller: Caller, work: () => Promise<T>): Promise<T>;
  /** True when this user may see what the tunnel and the node process do. */
  maySee(caller: Caller): boolean;
}

/** `inUse` says whether a tunnel is there or a node process is wanted; `nameOf` a user's name for the sentence. */
export function createHolder({ inUse, nameOf }: { readonly inUse: () => boolean; readonly nameOf: (uid: number) => string }): Holder {
  let uid: number | undefined;
  let running = 0;
  const has = (caller: Caller): boolean => caller.privileged || uid === caller.uid;
  const isFree = (): boolean => running === 0 && !inUse();

  return {
    order: async (caller, work) => {
      if (uid !== undefined && !has(caller) && !isFree()) {
        const holder = nameOf(uid);
        throw failure('helper.declined', { holder, problem: `the tunnel of this machine belongs to ${holder} until that user disconnects` });
      }
      uid = caller.uid;
      running++;
      try {
        return await work();
      } finally {
        running--;
      }
    },
    maySee: (caller) => has(caller) || uid === undefined || isFree(),
  };
}
