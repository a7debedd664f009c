import { type Failure, failure, isFailure } from '../base/failure.ts';
import { type AuthorityIdentity, deviceIdPattern, type Identity } from '../base/identity.ts';
import { Secret } from '../base/log.ts';
import { type CertificateFacts, type Pki } from '../base/pki.ts';
import { type NodeIdentity } from '../gen/webmesh/helper/v1/helper.ts';

const keyBytesMax = 4_096;
const certificateBytesMax = 8_192;
const chainMin = 2;
const chainMax = 4;

/**
 * Who the node proves to be, wrapped: no log line and no error can print it. Null: clear text, asked for by name. Throws input.invalid when
 * both or neither were asked for, or when its parts cannot be keys and certificates. Whether they fit together is for `checkIdentity`.
 */
export function identityFrom(given: NodeIdentity | undefined, insecure: boolean): Secret<Identity> | null {
  if (insecure && given) throw invalid('insecure', 'excludes an identity');
  if (!insecure && !given) throw invalid('identity', 'is missing, and clear text was not asked for');
  if (!given) return null;
  if (newest && isMadeOf(newest.reveal(), given)) return newest;
  newest = new Secret({
    privateKey: key('identity.private_key', given.privateKey),
    chain: certificates('identity.chain', given.chain),
    authority: authorityFrom(given),
  });
  return newest;
}

/** It comes with each order to the node process, one a second while there is traffic: reading keys and certificates was a sixth of all it did at rest. */
let newest: Secret<Identity> | undefined;

function isMadeOf({ privateKey, chain, authority }: Identity, given: NodeIdentity): boolean {
  const [held, told] = [[privateKey, authority?.privateKey ?? none, ...chain, ...(authority?.chain ?? [])], [given.privateKey, given.authorityKey, ...given.chain, ...given.authorityChain]];
  return chain.length === given.chain.length && held.length === told.length && held.every((part, i) => Buffer.compare(part, told[i] ?? none) === 0);
}

const none = new Uint8Array();

/**
 * Refuses, with input.invalid, an identity that cannot work: a chain that does not hold, a certificate of another node or for another key.
 * When the certificates begin and end is not asked: an identity that ended must not keep a node from starting, because it is renewed from there.
 */
export async function checkIdentity(nodeId: string, identity: Secret<Identity> | null, pki: Pki): Promise<void> {
  if (identity === null) return;
  if (!deviceIdPattern.test(nodeId)) throw invalid('node_id', 'cannot stand in a certificate');
  const { privateKey, chain, authority } = identity.reveal();
  const root = chain.at(-1) ?? new Uint8Array();
  await fits('identity.chain', 'device', { nodeId, privateKey, chain, root }, pki);
  if (authority) await fits('identity.authority_chain', 'authority', { nodeId, root, ...authority }, pki);
}

/** Whether two are the same, byte for byte. */
export function sameIdentity(a: Secret<Identity> | null, b: Secret<Identity> | null): boolean {
  if (a === null || b === null || a === b) return a === b;
  return partsOf(a.reveal()) === partsOf(b.reveal());
}

function partsOf({ privateKey, chain, authority }: Identity): string {
  const parts = [privateKey, ...chain, ...(authority ? [authority.privateKey, ...authority.chain] : [])];
  return `${chain.length} ${parts.map((part) => Buffer.from(part).toString('base64')).join(' ')}`;
}

interface Part {
  readonly nodeId: string;
  readonly privateKey: Uint8Array;
  readonly chain: readonly Uint8Array[];
  readonly root: Uint8Array;
}

async function fits(field: string, kind: CertificateFacts['kind'], { nodeId, privateKey, chain, root }: Part, pki: Pki): Promise<void> {
  try {
    // At the moment when the youngest of them began, all of them were good.
    const atMs = Math.max(...chain.map((certificate) => pki.readCertificate(certificate).notBeforeMs));
    const facts = pki.verifyChain(chain, root, atMs, { expiredOk: true });
    if (facts.kind !== kind) throw invalid(field, `begins with a certificate of kind ${facts.kind}`);
    if (facts.id !== nodeId) throw invalid(field, 'names another node');
    const { keyHash } = await pki.readRequest(await pki.createRequest(privateKey, nodeId));
    if (keyHash !== facts.keyHash) throw invalid(field, 'is for another key');
  } catch (error) {
    if (!isFailure(error)) throw invalid(field, 'cannot be used');
    throw error.code === 'input.invalid' && 'reason' in error.detail ? error : invalid(field, String(error.detail['problem'] ?? error.code));
  }
}

function authorityFrom({ authorityKey, authorityChain }: NodeIdentity): AuthorityIdentity | null {
  if (authorityKey.length === 0 && authorityChain.length === 0) return null;
  return { privateKey: key('identity.authority_key', authorityKey), chain: certificates('identity.authority_chain', authorityChain) };
}

function key(field: string, bytes: Uint8Array): Uint8Array {
  if (bytes.length === 0 || bytes.length > keyBytesMax) throw invalid(field, `must have 1 to ${keyBytesMax} bytes`);
  return new Uint8Array(bytes);
}

function certificates(field: string, chain: readonly Uint8Array[]): readonly Uint8Array[] {
  if (chain.length < chainMin || chain.length > chainMax) throw invalid(field, `must have ${chainMin} to ${chainMax} certificates`);
  if (chain.some(({ length }) => length === 0 || length > certificateBytesMax)) throw invalid(field, `must have certificates of 1 to ${certificateBytesMax} bytes`);
  return chain.map((certificate) => new Uint8Array(certificate));
}

/** Without a cause: the texts of libraries may quote what they could not read. */
function invalid(field: string, reason: string): Failure {
  return failure('input.invalid', { field, reason });
}
