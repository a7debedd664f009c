/** Who may open the helper's socket: the kernel checks owner, group and mode when a caller connects. */
export interface SocketAccess {
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
}

/**
 * Root always may. Installed, members of the group `webmesh` may; in development the one user who started the helper may.
 * The socket's folder belongs to root, so whoever may open the socket can still not replace it.
 */
export function socketAccess({ owner, group }: { readonly owner: number | undefined; readonly group: number | undefined }): SocketAccess {
  if (owner !== undefined && owner !== 0) return { uid: owner, gid: 0, mode: 0o600 };
  return group === undefined ? { uid: 0, gid: 0, mode: 0o600 } : { uid: 0, gid: group, mode: 0o660 };
}
