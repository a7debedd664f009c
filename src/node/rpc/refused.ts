import { refusals } from '../../base/refusals.ts';
import { RpcError, status } from '../../base/rpc.ts';
import { type RefusalReason, refusalReason } from '../statements/refusals.ts';
import { Refused } from './submit.ts';

/** The reason why an applied entry about trust was refused; undefined when it is another error. */
export function reasonOf(error: unknown): RefusalReason | undefined {
  return error instanceof Refused ? refusalReason(error.message) : undefined;
}

/** Runs the work of a call, and turns an entry that was refused into the words of the API. */
export async function inWords<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    const reason = reasonOf(error);
    throw reason === undefined ? new RpcError(status.internal, `${what} was refused: ${error.message}`, error) : refusalOf(reason, error);
  }
}

/** What the leader would have said had it looked a moment later. */
export function refusalOf(reason: RefusalReason, cause?: unknown): RpcError {
  const [code, words] = answers[reason];
  return new RpcError(code, words, cause);
}

const answers: Readonly<Record<RefusalReason, readonly [RpcError['code'], string]>> = {
  unknown: [status.notFound, 'not found'],
  revoked: [status.failedPrecondition, 'revoked already'],
  expired: [status.failedPrecondition, refusals.inviteExpired],
  'used-up': [status.failedPrecondition, refusals.inviteUsed],
  'needs-approval': [status.failedPrecondition, 'needs approval'],
  'already-enrolled': [status.aborted, 'enrolled at the same time'],
  'id-taken': [status.alreadyExists, refusals.idTaken],
  'key-taken': [status.alreadyExists, refusals.keyTaken],
  'not-pending': [status.failedPrecondition, 'not waiting for approval'],
  'not-active': [status.permissionDenied, refusals.revoked],
  'too-many-certificates': [status.resourceExhausted, 'too many certificates'],
  'not-admin': [status.permissionDenied, refusals.onlyAdmins],
  'last-admin': [status.failedPrecondition, refusals.lastAdmin],
  'no-request': [status.failedPrecondition, 'no such request'],
  'raft-acl': [status.permissionDenied, 'not allowed'],
  'guest-vote': [status.permissionDenied, refusals.guestsDoNotVote],
  'no-device': [status.permissionDenied, refusals.revoked],
  'revoked-for-ever': [status.permissionDenied, refusals.revoked],
  'trust-fixed': [status.failedPrecondition, 'a mesh stays as it was founded'],
  unaudited: [status.internal, 'a change without an event'],
  audit: [status.internal, 'the audit log refused'],
};
