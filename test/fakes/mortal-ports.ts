import type { CorePorts, MeshConnection } from '../../src/core/ports.ts';

/** One life of the core: its calls into the world are counted, and at one of them it dies. */
export interface Mortal {
  readonly ports: CorePorts;
  /** Points passed so far: before each call happens, and after it happened while its answer is still on the way. */
  points(): number;
  dead(): boolean;
}

type Call = (...given: never[]) => unknown;

/**
 * The ports with an end: at point `diesAt` the process is gone. Nothing that it asked for afterwards happens, and no answer arrives: the call
 * of that point stays open for ever, as it does for whoever waits on a process that was killed.
 */
export function mortal(ports: CorePorts, diesAt: number): Mortal {
  let passed = 0;
  const gone = (): boolean => passed >= diesAt;
  const point = (): boolean => {
    if (!gone()) passed++;
    return gone();
  };
  const nothing = new Promise<never>(() => {});
  const guarded = <T extends object>(target: T, names: readonly (keyof T)[]): T => new Proxy(target, {
    get: (held, name) => {
      const value: unknown = Reflect.get(held, name);
      if (typeof value !== 'function' || !names.includes(name as keyof T)) return value;
      return async (...given: never[]) => {
        if (point()) return nothing;
        const answer: unknown = await (value as Call).apply(held, given);
        return point() ? nothing : answer;
      };
    },
  });
  const dial: CorePorts['mesh']['dial'] = (address, security) => {
    const connection: MeshConnection = ports.mesh.dial(address, security);
    return guarded(connection, ['join', 'leave', 'enroll', 'renew', 'requestAuthority', 'grantAuthority', 'createInvite']);
  };
  return {
    points: () => passed,
    dead: gone,
    ports: {
      ...ports,
      mesh: { dial, probe: guarded(ports.mesh, ['probe']).probe },
      helper: guarded(ports.helper, ['hello', 'applyTunnel', 'clearTunnel', 'setNode']),
      node: guarded(ports.node, ['renew', 'audit']),
      secrets: guarded(ports.secrets, ['load', 'save', 'remove']),
      documents: guarded(ports.documents, ['load', 'save', 'remove']),
    },
  };
}
