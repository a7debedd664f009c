/**
 * Who comes to the mesh API without a certificate, with one of another mesh, one that is over or has not begun, or a true one that the mesh
 * never recorded: made with a stolen authority. Every method is asked, at a leader and at a follower.
 */
import { createPublicKey, type KeyObject, randomBytes } from 'node:crypto';
import { type Identity } from '../../../src/base/identity.ts';
import { MeshService } from '../../../src/gen/v1/mesh.ts';
import { TrustServiceService } from '../../../src/gen/webmesh/trust/v1/trust.ts';
import { rules } from '../../../src/node/rpc/policy.ts';
import { pki } from '../../../src/platform/pki.ts';
import { type Kind, profiles } from '../../../src/platform/pki-profile.ts';
import { type CertificateInput, readPrivateKey, writeCertificate } from '../../../src/platform/pki-x509.ts';
import { grpcPort } from '../../node/local-cluster.ts';
import { createMeshKeys, validity } from '../../node/mesh-keys.ts';
import { type Attack, summary } from '../attack.ts';
import { openGrpc, outcomeOf, type TlsLook } from '../clients/grpc.ts';
import { call, memberWorks, meshWorld } from '../worlds/mesh.ts';

const dayMs = 86_400_000;

/** Every method over TCP that is neither for strangers nor a stream. */
const methods = Object.entries(rules).filter(([path, { who }]) => who !== 'anybody' && who !== 'local' && !/Watch$|Info$|DataChannel$/.test(path)).map(([path]) => path);

/** What each of these methods comes to, at each of these nodes. */
export async function askAll(paths: readonly string[], look: TlsLook, metadata: Record<string, string> = {}): Promise<string> {
  const { address, leader, follower } = await meshWorld();
  const seen: string[] = [];
  for (const to of [leader(), follower(), 'member']) {
    const channel = await openGrpc(address(to), grpcPort, look).catch(() => undefined);
    if (channel === undefined) seen.push('connection closed');
    else seen.push(...await Promise.all(paths.map((path) => outcomeOf(channel.send(path, new Uint8Array(), metadata)))));
    channel?.close();
  }
  return summary(seen);
}

async function asOther(make: () => Promise<Identity>): Promise<string> {
  return askAll(methods, { as: await make() });
}

/** A certificate of the mesh's first authority, which no log entry knows. */
async function signedOnly(id: string, fromMs: number, toMs: number): Promise<Identity> {
  const { cluster } = await meshWorld();
  return cluster.keys.device(id, { ...validity(0), notBeforeMs: Date.now() + fromMs, notAfterMs: Date.now() + toMs });
}

export const certificates: readonly Attack[] = [
  { name: 'no-certificate', aim: 'mesh API, all methods', expected: 'UNAUTHENTICATED certificate required', counter: memberWorks, attack: () => askAll(methods, { as: null }) },
  {
    name: 'other-mesh-certificate', aim: 'mesh API, all methods', expected: 'connection closed', counter: memberWorks,
    attack: async () => {
      const other = await createMeshKeys('test');
      const { cluster, identity } = await meshWorld();
      const stranger = await other.device('member');
      const [, authority = new Uint8Array()] = identity('member').chain;
      const chains = [stranger.chain, [...stranger.chain.slice(0, 2), cluster.keys.root], [stranger.chain[0] as Uint8Array, authority, cluster.keys.root], [stranger.chain[0] as Uint8Array]];
      const seen = await Promise.all(chains.map((chain) => askAll([MeshService.listNodes.path], { as: { ...stranger, chain } })));
      return summary(seen);
    },
  },
  {
    name: 'forged-certificate', aim: 'mesh API', expected: 'connection closed', counter: memberWorks,
    attack: async () => {
      const { cluster, identity } = await meshWorld();
      const [key, member, { authority }] = [await pki.createKey(), identity('member'), identity('host')];
      const [ownKey, memberKey, authorityKey] = [key, member.privateKey, authority?.privateKey ?? key].map(readPrivateKey) as [KeyObject, KeyObject, KeyObject];
      const write = (kind: Kind, id: string, issuer: CertificateInput['issuer']): Promise<Uint8Array> => writeCertificate({ kind, profile: profiles[kind], id, publicKey: createPublicKey(ownKey), issuer, ...validity(dayMs) });
      const [memberChain, authorityChain] = [member.chain, authority?.chain ?? []];
      const byMember = { privateKey: memberKey, subject: profiles.device.subject('member') };
      const byAuthority = { privateKey: authorityKey, subject: profiles.authority.subject('host') };
      const root = await write('root', 'test', { privateKey: ownKey, subject: profiles.root.subject('test') });
      const ownAuthority = await write('authority', 'host', { privateKey: ownKey, subject: profiles.root.subject('test') });
      const chains: readonly (readonly Uint8Array[])[] = [
        [await write('device', 'host', byMember), ...memberChain], // a device that signs devices
        [await write('device', 'host', byMember), ...memberChain.slice(1)], // and says that the authority did
        [await write('device', 'host', { privateKey: ownKey, subject: byAuthority.subject }), ...authorityChain], // the authority's name, another key
        [await write('device', 'host', { privateKey: ownKey, subject: profiles.authority.subject('host') }), ownAuthority, cluster.keys.root], // an authority of our own under the true root
        [await write('device', 'host', { privateKey: ownKey, subject: profiles.authority.subject('host') }), ownAuthority, root], // a whole mesh of the same names
        [await write('authority', 'host', byAuthority), ...authorityChain], // an authority under an authority
        [root, root], [await write('device', 'host', { privateKey: ownKey, subject: profiles.device.subject('host') })],
      ];
      const tries: readonly Identity[] = [...chains.map((chain) => ({ privateKey: key, chain, authority: null })), { privateKey: authority?.privateKey ?? key, chain: authorityChain, authority: null }];
      return summary(await Promise.all(tries.map((as) => askAll([MeshService.listNodes.path], { as }))));
    },
  },
  { name: 'expired-certificate', aim: 'mesh API, all methods', expected: /^UNAUTHENTICATED (certificate expired|device unknown)( \/ UNAUTHENTICATED (certificate expired|device unknown))?$/, counter: memberWorks, attack: () => asOther(() => signedOnly('member', -3_000_000, -600_000)) },
  { name: 'not-yet-valid-certificate', aim: 'mesh API, all methods', expected: 'connection closed', counter: memberWorks, attack: () => asOther(() => signedOnly('member', dayMs, 2 * dayMs)) },
  {
    name: 'stolen-authority', aim: 'mesh API, all methods', expected: /^UNAUTHENTICATED device unknown( \/ .*Health.*)?$/, counter: memberWorks,
    attack: async () => {
      const real = methods.filter((path) => !path.startsWith('/grpc.health'));
      const identities = await Promise.all([signedOnly('host', -dayMs, dayMs), signedOnly('nobody-knows', -dayMs, dayMs)]);
      return summary(await Promise.all(identities.map((as) => askAll(real, { as }))));
    },
  },
  {
    name: 'stolen-authority-renews-itself', aim: 'Renew', expected: 'UNAUTHENTICATED device unknown', counter: memberWorks,
    attack: async () => {
      const { leader } = await meshWorld();
      const as = await signedOnly('member', -dayMs, dayMs);
      const request = { certificateRequest: Buffer.from(await pki.createRequest(as.privateKey, 'member')) };
      return outcomeOf(call(leader(), { as }, TrustServiceService.renew, request));
    },
  },
  {
    name: 'unknown-method', aim: 'mesh API', expected: 'UNIMPLEMENTED', counter: memberWorks,
    attack: async () => {
      const { identity } = await meshWorld();
      const paths = ['/v1.Node/Nothing', '/webmesh.local.v1.LocalNode/Renew', '/webmesh.local.v1.LocalNode/WatchReplica', '/webmesh.helper.v1.Helper/Shutdown', '/__proto__/constructor', `/${randomBytes(40).toString('hex')}`, '//', '/v1.Node/join'];
      const seen = await askAll(paths, { as: identity('host') });
      return summary(seen.split(' / ').map((one) => one.split(' ')[0] ?? ''));
    },
  },
];
