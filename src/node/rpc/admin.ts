import { type Clock } from '../../base/clock.ts';
import { type Call, RpcError, status } from '../../base/rpc.ts';
import { Empty } from '../../gen/google/protobuf/empty.ts';
import { ACLAction, type DeleteRaftACLRequest, type GetRaftACLRequest, type RaftACL, type RaftACLList } from '../../gen/v1/admin_messages.ts';
import { type Consensus } from '../ports.ts';
import { instantFromMs } from '../state/go-time.ts';
import { type MeshReads } from '../state/reads.ts';
import { auditActions } from '../statements/audit.ts';
import { deleteRaftAclEntry, putRaftAclEntry, type RaftAcl } from '../statements/statements.ts';
import { auditIfKnown } from './audit.ts';
import { type Admitted } from './auth.ts';
import { inWords } from './refused.ts';
import { requireLeader, type Serialiser, submit } from './submit.ts';
import * as valid from './validate.ts';

export interface AdminPorts {
  readonly nodeId: string;
  readonly consensus: Consensus;
  readonly reads: Pick<MeshReads, 'raftAcls'>;
  readonly serialiser: Serialiser;
  readonly clock: Clock;
}

const aclsMax = 1_000;

/** Writes one list. ALLOW: its nodes may vote and observe; DENY: they may only observe. invalidArgument, or `not leader`. */
export async function putRaftAcl(request: RaftACL, call: Call, who: Admitted, ports: AdminPorts): Promise<Empty> {
  const acl = aclFrom(request);
  return change(call, 'PutRaftACL', ports, async (signal) => {
    const stands = ports.reads.raftAcls();
    const audit = auditIfKnown(who, auditActions.putAcl, acl.name, { patterns: acl.patterns.join(','), action: acl.voter ? 'allow' : 'deny' }, ports);
    if (stands.length >= aclsMax && stands.every(({ name }) => name !== acl.name)) throw new RpcError(status.resourceExhausted, `at most ${aclsMax} ACLs`);
    await submit(ports.consensus, putRaftAclEntry(acl, instantFromMs(ports.clock.nowMs()), audit), signal);
  });
}

/** Deleting what is not there succeeds. */
export async function deleteRaftAcl({ name }: DeleteRaftACLRequest, call: Call, who: Admitted, ports: AdminPorts): Promise<Empty> {
  valid.aclName(name);
  return change(call, 'DeleteRaftACL', ports, (signal) => {
    const audit = auditIfKnown(who, auditActions.deleteAcl, name, {}, ports);
    return submit(ports.consensus, deleteRaftAclEntry(name, audit), signal);
  });
}

/** Linearizable. notFound when there is none of that name. */
export async function getRaftAcl({ name }: GetRaftACLRequest, call: Call, ports: AdminPorts): Promise<RaftACL> {
  valid.aclName(name);
  await ports.consensus.linearizable(call.signal);
  const acl = ports.reads.raftAcls().find((each) => each.name === name);
  if (!acl) throw new RpcError(status.notFound, 'ACL not found');
  return messageFrom(acl);
}

/** Linearizable; in the order in which the lists are asked. */
export async function listRaftAcls(call: Call, { consensus, reads }: AdminPorts): Promise<RaftACLList> {
  await consensus.linearizable(call.signal);
  return { items: reads.raftAcls().map(messageFrom) };
}

async function change(call: Call, what: string, { consensus, serialiser }: AdminPorts, work: (signal: AbortSignal) => Promise<void>): Promise<Empty> {
  requireLeader(consensus);
  await serialiser.run(call, what, (signal) => inWords(what, async () => {
    await consensus.linearizable(signal);
    await work(signal);
  }));
  return Empty.create();
}

function aclFrom({ name, patterns, action }: RaftACL): RaftAcl {
  if (action !== ACLAction.ALLOW && action !== ACLAction.DENY) throw new RpcError(status.invalidArgument, 'unknown action');
  return { name: valid.aclName(name), patterns: valid.patterns(patterns), voter: action === ACLAction.ALLOW, observer: true };
}

function messageFrom({ name, patterns, voter }: RaftAcl): RaftACL {
  return { name, patterns: [...patterns], action: voter ? ACLAction.ALLOW : ACLAction.DENY };
}
