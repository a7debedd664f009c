import { type Target } from './destinations.ts';
import { type FarOptions, type FarSession, openFar } from './far.ts';
import { type Places } from './places.ts';

/** The connections for which this node is the far end: each holds a place of its caller until it ends. */
export interface FarSessions {
  /** Throws resourceExhausted, unknown. */
  open(caller: string, target: Target, stun: readonly string[]): Promise<FarSession>;
  /** Ends those whose caller is not kept. */
  cut(keeps: (caller: string) => boolean): void;
}

export function createFarSessions(options: FarOptions, places: Places): FarSessions {
  const sessions = new Map<FarSession, string>();
  return {
    open: async (caller, target, stun) => {
      const leave = places.take(caller);
      try {
        const session = await openFar(target, stun, options);
        sessions.set(session, caller);
        void session.ended.then(() => {
          sessions.delete(session);
          leave();
        });
        return session;
      } catch (error) {
        leave();
        throw error;
      }
    },
    cut: (keeps) => {
      for (const [session, caller] of [...sessions]) if (!keeps(caller)) session.close();
    },
  };
}
