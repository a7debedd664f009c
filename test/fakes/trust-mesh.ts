import { failure } from '../../src/base/failure.ts';
import { type AuthorityIdentity, lives, type Role } from '../../src/base/identity.ts';
import type { Pki } from '../../src/base/pki.ts';
import type { Random } from '../../src/base/random.ts';
import type { Security } from '../../src/core/ports.ts';
import { validity } from '../../src/core/trust/found.ts';
import { type Invite, writeInvite } from '../../src/core/trust/invite.ts';
import { roleFromWire, roleToWire } from '../../src/core/trust/roles.ts';
import { type CreateInviteRequest, DeviceState, type EnrollRequest, type EnrollResponse, TrustView } from '../../src/gen/webmesh/trust/v1/trust_messages.ts';

interface DeviceRow {
  readonly id: string;
  role: Role;
  state: 'pending' | 'active' | 'revoked';
  readonly name: string;
  readonly inviteId: string;
  request: Uint8Array;
  chain: readonly Uint8Array[];
}

interface InviteRow extends CreateInviteRequest {
  uses: number;
  revokedAtMs: number;
}

/** What a secured mesh knows and how it answers, in the words that the mesh client makes of the refusals. */
export interface TrustMesh {
  readonly devices: Map<string, DeviceRow>;
  readonly invites: Map<string, InviteRow>;
  readonly authorities: Map<string, { request: Uint8Array; certificate: Uint8Array }>;
  readonly chain: readonly Uint8Array[];
  readonly root: Uint8Array;
  /** Id of the caller. Throws what a node answers: auth.revoked, auth.unauthenticated. `forRenewal` overlooks an end within the grace. */
  admit(security: Security, forRenewal?: boolean): string;
  enroll(request: EnrollRequest): Promise<EnrollResponse>;
  renew(id: string, request: Uint8Array): Promise<readonly Uint8Array[]>;
  approve(id: string): Promise<void>;
  revoke(id: string): void;
  createInvite(request: CreateInviteRequest): void;
  /** An invite as another admin would send it. */
  link(more?: Partial<Invite> & { uses?: number }): string;
  view(): TrustView;
  /** The mesh's clock is so far ahead of this machine's. Certificates that it issues begin early enough for both. */
  setAhead(ms: number): void;
}

export interface TrustMeshInput {
  readonly pki: Pki;
  readonly random: Random;
  readonly nowMs: () => number;
  readonly founder: { readonly id: string; readonly chain: readonly Uint8Array[]; readonly authority: AuthorityIdentity };
}

/** A mesh that was founded with the given identity. */
export function trustMesh({ pki, random, nowMs: clockMs, founder }: TrustMeshInput): TrustMesh {
  let aheadMs = 0;
  const nowMs = (): number => clockMs() + aheadMs;
  const root = founder.chain.at(-1) ?? new Uint8Array();
  const recorded = new Map<string, string>([[pki.readCertificate(founder.chain[0] ?? new Uint8Array()).fingerprint, founder.id]]);
  const devices = new Map<string, DeviceRow>([[founder.id, { id: founder.id, role: 'admin', state: 'active', name: founder.id, inviteId: '', request: new Uint8Array(), chain: founder.chain }]]);
  const invites = new Map<string, InviteRow>();
  const authorities = new Map([[founder.id, { request: new Uint8Array(), certificate: founder.authority.chain[0] ?? new Uint8Array() }]]);

  async function issue(id: string, request: Uint8Array): Promise<readonly Uint8Array[]> {
    const certificate = await pki.issueDevice({ authority: founder.authority, request, ...validity(nowMs(), lives.deviceMs, random), notBeforeMs: clockMs() - lives.backdateMs });
    recorded.set(pki.readCertificate(certificate).fingerprint, id);
    return [certificate, ...founder.authority.chain];
  }

  async function keyOf(request: Uint8Array): Promise<string> {
    return (await pki.readRequest(request)).keyHash;
  }

  async function activate(row: DeviceRow): Promise<void> {
    row.chain = await issue(row.id, row.request);
    row.state = 'active';
  }

  function answer(row: DeviceRow): EnrollResponse {
    return { pending: row.state === 'pending', chain: row.state === 'active' ? row.chain.map((der) => Buffer.from(der)) : [], role: roleToWire(row.role), networkName: 'fake' };
  }

  const mesh: TrustMesh = {
    devices, invites, authorities, root, chain: founder.chain,
    admit: (security, forRenewal = false) => {
      if (security.kind !== 'mtls') throw failure('auth.unauthenticated', { problem: 'certificate required' });
      const facts = pki.verifyChain(security.identity.chain, root, nowMs(), { expiredOk: true });
      if (devices.get(facts.id)?.state === 'revoked') throw failure('auth.revoked');
      if (recorded.get(facts.fingerprint) !== facts.id || devices.get(facts.id)?.state !== 'active') throw failure('auth.unauthenticated', { problem: 'device unknown' });
      if (nowMs() >= facts.notAfterMs + (forRenewal ? lives.graceMs : 0)) throw failure('auth.expired', { address: 'fake' });
      return facts.id;
    },
    enroll: async (request) => {
      const invite = invites.get(request.inviteId);
      if (!invite || Buffer.compare(Buffer.from(pki.digest(request.token)), invite.tokenHash) !== 0) throw failure('auth.invite-invalid');
      const known = devices.get(request.nodeId);
      if (known && known.inviteId === invite.id && known.state !== 'revoked' && (await keyOf(known.request)) === (await keyOf(request.certificateRequest))) return answer(known);
      if (known) throw failure('node.id-taken', { id: request.nodeId });
      if (invite.revokedAtMs > 0) throw failure('auth.invite-invalid');
      if (Number(invite.expiresAtMs) <= nowMs()) throw failure('auth.invite-expired');
      if (invite.uses >= invite.usesMax) throw failure('auth.invite-used');
      invite.uses++;
      const row: DeviceRow = { id: request.nodeId, role: roleFromWire(invite.role) ?? 'guest', state: 'pending', name: request.deviceName, inviteId: invite.id, request: Uint8Array.from(request.certificateRequest), chain: [] };
      devices.set(row.id, row);
      if (!invite.needsApproval) await activate(row);
      return answer(row);
    },
    renew: async (id, request) => {
      const row = devices.get(id);
      if (!row) throw failure('auth.unauthenticated');
      row.request = request;
      row.chain = await issue(id, request);
      return row.chain;
    },
    approve: async (id) => {
      const row = devices.get(id);
      if (row?.state === 'pending') await activate(row);
    },
    revoke: (id) => {
      const row = devices.get(id);
      if (row) row.state = 'revoked';
    },
    createInvite: (request) => {
      if (!invites.has(request.id)) invites.set(request.id, { ...request, uses: 0, revokedAtMs: 0 });
    },
    link: ({ uses, ...more } = {}) => {
      const invite: Invite = {
        networkName: 'fake', endpoints: [{ nodeId: founder.id, address: '192.0.2.1:8443' }], rootFingerprint: pki.digest(root), inviteId: `invite${String(invites.size).padStart(10, '0')}`,
        token: random.bytes(32), role: 'member', expiresAtMs: nowMs() + 86_400_000, invitedBy: 'Ann', needsApproval: false, ...more,
      };
      mesh.createInvite({
        id: invite.inviteId, tokenHash: Buffer.from(pki.digest(invite.token)), role: roleToWire(invite.role), expiresAtMs: BigInt(invite.expiresAtMs),
        usesMax: uses ?? 1, needsApproval: invite.needsApproval, note: '',
      });
      return writeInvite(invite, pki.digest);
    },
    setAhead: (ms) => {
      aheadMs = ms;
    },
    view: () => TrustView.fromPartial({
      secure: true, rootCertificate: Buffer.from(root),
      devices: [...devices.values()].map((row) => ({
        id: row.id, role: roleToWire(row.role), state: { pending: DeviceState.DEVICE_STATE_PENDING, active: DeviceState.DEVICE_STATE_ACTIVE, revoked: DeviceState.DEVICE_STATE_REVOKED }[row.state],
        name: row.name, inviteId: row.inviteId, createdAtMs: 1n, certificateNotAfterMs: BigInt(row.chain[0] ? pki.readCertificate(row.chain[0]).notAfterMs : 0), keyHash: Buffer.alloc(32, 7),
      })),
      invites: [...invites.values()].map((row) => ({ ...row, createdAtMs: 1n, createdBy: founder.id, revokedAtMs: BigInt(row.revokedAtMs) })),
      authorities: [...authorities].map(([nodeId, { request, certificate }]) => ({
        nodeId, certificateRequest: Buffer.from(request), certificate: Buffer.from(certificate), notAfterMs: BigInt(certificate.length > 0 ? pki.readCertificate(certificate).notAfterMs : 0),
      })),
    }),
  };
  return mesh;
}
