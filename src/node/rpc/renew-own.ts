import { isAbort } from '../../base/abort.ts';
import { type Call, RpcError, status } from '../../base/rpc.ts';
import { RenewRequest, RenewResponse } from '../../gen/webmesh/trust/v1/trust_messages.ts';
import { TrustServiceService } from '../../gen/webmesh/trust/v1/trust.ts';
import { askLeader, type ForwardPorts, readAnswer } from './forward.ts';
import { renewFor, type TrustPorts } from './trust.ts';

/**
 * A fresh chain for this node itself, for the app on its machine. A leader records it by itself, whatever certificate it has at the
 * moment: that is how a founder whose certificate was never recorded, or ended long ago, gets a good one. Others ask the leader, like any device.
 */
export async function renewOwn(request: Uint8Array, call: Call, ports: TrustPorts & ForwardPorts): Promise<readonly Uint8Array[]> {
  const { nodeId, consensus, reads, secure } = ports;
  if (!secure) throw new RpcError(status.failedPrecondition, 'this mesh has no certificates');
  if (consensus.view.get().role !== 'leader') {
    const bytes = RenewRequest.encode({ certificateRequest: Buffer.from(request) }).finish();
    const answer = await askLeader(TrustServiceService.renew.path, bytes, {}, call, ports);
    return readAnswer(answer, RenewResponse.decode).chain.map((certificate) => new Uint8Array(certificate));
  }
  const role = reads.trust.device(nodeId)?.role ?? 'guest';
  try {
    return await renewFor(nodeId, request, call, { kind: 'device', id: nodeId, role, votes: true, via: null }, ports);
  } catch (error) {
    if (error instanceof RpcError && error.code === status.unavailable && isOver(ports)) await giveWay(call, ports);
    throw error;
  }
}

/**
 * Nobody takes a call from a node whose certificate ended. One that leads so and cannot sign for itself would keep everybody from renewing:
 * sooner or later a voter leads that has an authority of its own.
 */
async function giveWay(call: Pick<Call, 'signal'>, { consensus, log }: TrustPorts): Promise<void> {
  try {
    await consensus.transferLeadership(call.signal);
  } catch (error) {
    if (isAbort(error)) throw error;
    log.warn('leadership-not-given-away', { error });
  }
}

function isOver({ identity, pki, clock }: TrustPorts): boolean {
  const [certificate] = identity()?.chain ?? [];
  return certificate !== undefined && clock.nowMs() > pki.readCertificate(certificate).notAfterMs;
}
