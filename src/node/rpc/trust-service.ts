import { type Service } from '../../base/rpc.ts';
import { TrustServiceService } from '../../gen/webmesh/trust/v1/trust.ts';
import { grantAuthority, issueHere, requestAuthority } from './authorities.ts';
import { guarded, type GuardPorts } from './guard.ts';
import { getTrust, listAudit } from './trust-reads.ts';
import { approveDevice, createInvite, renew, revokeDevice, revokeInvite, setRole, type TrustPorts } from './trust.ts';

/** webmesh.trust.v1.TrustService, complete. */
export function trustService(ports: TrustPorts & GuardPorts): Service {
  return guarded(TrustServiceService, {
    renew: (request, call, who) => renew(request, call, who, ports),
    createInvite: (request, call, who) => createInvite(request, call, who, ports),
    revokeInvite: (request, call, who) => revokeInvite(request, call, who, ports),
    approveDevice: (request, call, who) => approveDevice(request, call, who, ports),
    revokeDevice: (request, call, who) => revokeDevice(request, call, who, ports),
    setRole: (request, call, who) => setRole(request, call, who, ports),
    requestAuthority: (request, call, who) => requestAuthority(request, call, who, ports),
    grantAuthority: (request, call, who) => grantAuthority(request, call, who, ports),
    issue: (request) => issueHere(request, ports),
    getTrust: async () => getTrust(ports.reads.trust),
    listAudit: async (request) => listAudit(request, ports.reads.trust),
  }, ports);
}
