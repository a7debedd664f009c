import { status, RpcError } from '../base/rpc.ts';
import { ACLAction, RaftACL } from '../gen/v1/admin_messages.ts';

/** Spellings of an earlier draft of the API, which documents and tools still carry. */
const olderSpellings: Readonly<Record<string, ACLAction>> = { ACLActionDeny: ACLAction.DENY, ACLActionAllow: ACLAction.ALLOW };

/** Reads a rule from JSON with either spelling of its action. `RaftACL.toJSON` writes DENY and ALLOW. Invalid actions are invalidArgument. */
export function raftACLFromJSON(value: unknown): RaftACL {
  if (typeof value !== 'object' || value === null) throw new RpcError(status.invalidArgument, 'not a rule');
  const action = 'action' in value ? value.action : undefined;
  const acl = RaftACL.fromJSON({ ...value, action: (typeof action === 'string' ? olderSpellings[action] : undefined) ?? action });
  if (acl.action === ACLAction.UNRECOGNIZED) throw new RpcError(status.invalidArgument, 'unknown action');
  return acl;
}
