/** Who is at the other end of a connection, as the kernel says. */
export interface Peer {
  readonly uid: number;
  readonly gid: number;
  readonly pid: number;
  readonly groups: readonly number[];
}

/** A user who may call. */
export interface Caller {
  readonly uid: number;
  /** Root, or who started this helper in development: may end it, and take over what another user has. */
  readonly privileged: boolean;
}

export interface CallerRules {
  /** Who started the helper in development, besides root. */
  readonly owner: number | undefined;
  /** The group whose members may call, where there is one. */
  readonly group: number | undefined;
  /** Who is in that group by now, also those whose login is older than that. */
  readonly members: () => readonly number[];
  /** Who runs the node process; such a user is never a caller unless it is the owner. */
  readonly nodeUid: number | undefined;
  /** The node processes now. They are not believed to be their user: they talk to whole networks. */
  readonly nodePids: () => readonly number[];
}

/**
 * Who a connection belongs to, or undefined: then it is closed unheard. Default deny: nobody whom the kernel does not name, root, the owner,
 * and members of the group; never a node process.
 */
export function callerOf(peer: Peer | undefined, { owner, group, members, nodeUid, nodePids }: CallerRules): Caller | undefined {
  if (peer === undefined || nodePids().includes(peer.pid)) return undefined;
  const { uid, gid, groups } = peer;
  if (uid === 0 || uid === owner) return { uid, privileged: true };
  if (uid === nodeUid || group === undefined) return undefined;
  return gid === group || groups.includes(group) || members().includes(uid) ? { uid, privileged: false } : undefined;
}
