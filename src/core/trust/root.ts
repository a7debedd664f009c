import { z } from 'zod';
import { failure } from '../../base/failure.ts';
import type { Pki } from '../../base/pki.ts';
import type { Passphrases } from '../ports.ts';
import { readAs } from '../../contract/read-as.ts';
import { equalBytes, fromBase, toBase64 } from './bytes.ts';
import { type NetworkSecrets, rootOf } from './keyring.ts';

/**
 * The root's key outside of this machine: JSON {format, network, certificate, key}, sealed with a passphrase. Whoever opens it can make
 * new authorities of the mesh, and nothing works with them unless the mesh records what they sign.
 */
const schema = z.strictObject({ format: z.literal('webmesh-root-1'), network: z.string().max(64), certificate: z.string().max(16_384), key: z.string().max(16_384) });

const fileMax = 65_536;

/** The sealed text of the root's key. Throws auth.not-permitted when it is not here. */
export async function exportRoot(secrets: NetworkSecrets, network: string, passphrase: string, passphrases: Passphrases): Promise<string> {
  const { key, certificate } = rootHere(secrets);
  return passphrases.seal(JSON.stringify({ format: 'webmesh-root-1', network, certificate: toBase64(certificate), key: toBase64(key) }), passphrase);
}

/** The secrets without the root's key. Throws auth.not-permitted when it is not here or was never exported: it would be lost. */
export function withoutRoot(secrets: NetworkSecrets): NetworkSecrets {
  rootHere(secrets);
  if (!secrets.rootExported) throw failure('auth.not-permitted', { problem: 'export the root key first, or it would be lost' });
  return { ...secrets, rootKey: null, rootRemoved: true };
}

/**
 * The root's key from its file. Throws input.passphrase, input.file-damaged, auth.wrong-mesh for another mesh's. The key must be the one
 * that this mesh's pinned root certificate names, whatever the file says.
 */
export async function importRoot(secrets: NetworkSecrets, file: string, passphrase: string, { passphrases, pki }: { readonly passphrases: Passphrases; readonly pki: Pki }): Promise<Uint8Array> {
  const root = rootOf(secrets);
  if (!root) throw failure('auth.unauthenticated', { problem: 'this device does not belong to the network yet' });
  if (file.length > fileMax) throw failure('input.file-damaged', { problem: 'too large' });
  const { certificate, key, network } = parse(await passphrases.open(file, passphrase));
  if (!equalBytes(certificate, root)) throw failure('auth.wrong-mesh', { problem: 'it is the root key of another network', network });
  const { keyHash } = await request(pki, key);
  if (pki.readCertificate(root).keyHash !== keyHash) throw failure('input.file-damaged', { problem: 'the key in it is not the one of its certificate' });
  return key;
}


function rootHere(secrets: NetworkSecrets): { key: Uint8Array; certificate: Uint8Array } {
  const certificate = rootOf(secrets);
  if (secrets.rootKey === null || !certificate) throw failure('auth.not-permitted', { problem: 'the root key is not on this device' });
  return { key: secrets.rootKey, certificate };
}

function parse(text: string): { certificate: Uint8Array; key: Uint8Array; network: string } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw failure('input.file-damaged', { problem: 'it is no root key' });
  }
  const parsed = readAs(schema, value);
  const certificate = parsed.success ? fromBase(parsed.data.certificate, 'base64') : undefined;
  const key = parsed.success ? fromBase(parsed.data.key, 'base64') : undefined;
  if (!parsed.success || !certificate || !key) throw failure('input.file-damaged', { problem: 'it is no root key' });
  return { certificate, key, network: parsed.data.network };
}

async function request(pki: Pki, key: Uint8Array) {
  try {
    return await pki.readRequest(await pki.createRequest(key, 'root'));
  } catch (error) {
    throw failure('input.file-damaged', { problem: 'the key in it cannot be read' }, error);
  }
}
