import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { failure } from '../base/failure.ts';
import { isKey } from '../base/keys.ts';
import { Secret } from '../base/log.ts';
import { type Keys, type TunnelKey } from '../helper/ports.ts';
import { setAside, storageFailure, writeFileAtomic } from './files.ts';

/** PKCS#8 of an X25519 private key is this header and 32 bytes (RFC 8410). */
const pkcs8Header = Buffer.from('302e020100300506032b656e04220420', 'hex');

/** One file per tunnel, mode 0600 in a folder 0700. Made by the system's own X25519; a damaged file is set aside and a new key made. */
export function tunnelKeys(folder: string): Keys {
  const loaded = new Map<string, TunnelKey>();
  let queue: Promise<unknown> = Promise.resolve();

  async function load(tunnelId: string): Promise<TunnelKey> {
    const known = loaded.get(tunnelId);
    if (known !== undefined) return known;
    makeFolder(folder);
    const path = join(folder, tunnelId);
    const stored = await read(path);
    if (stored !== undefined && !isKey(stored)) await setAside(path);
    const privateKey = stored !== undefined && isKey(stored) ? stored : newPrivateKey();
    if (privateKey !== stored) await writeFileAtomic(path, `${privateKey}\n`, 0o600);
    const key = { publicKey: publicKeyOf(privateKey), privateKey: new Secret(privateKey), path };
    loaded.set(tunnelId, key);
    return key;
  }

  return {
    of: (tunnelId) => {
      const result = queue.then(() => load(tunnelId));
      queue = result.catch(() => {});
      return result;
    },
    known: async () => (await readdir(folder).catch(() => [])).filter((name) => /^[a-z0-9]{1,32}$/.test(name)),
  };
}

function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw storageFailure(error, folder);
  }
}

async function read(path: string): Promise<string | undefined> {
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw storageFailure(error, path);
  }
}

function newPrivateKey(): string {
  return rawOf(generateKeyPairSync('x25519').privateKey, 'd');
}

/** The WireGuard public key of a private key, both in base64. */
export function publicKeyOf(privateKey: string): string {
  const key = createPrivateKey({ key: Buffer.concat([pkcs8Header, Buffer.from(privateKey, 'base64')]), format: 'der', type: 'pkcs8' });
  return rawOf(createPublicKey(key), 'x');
}

function rawOf(key: KeyObject, part: 'd' | 'x'): string {
  const text = key.export({ format: 'jwk' })[part];
  if (typeof text !== 'string') throw failure('internal.unexpected', { message: 'this Node makes no X25519 keys' });
  return Buffer.from(text, 'base64url').toString('base64');
}
