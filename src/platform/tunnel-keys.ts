import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { type Stats, constants } from 'node:fs';
import { lstat, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { failure } from '../base/failure.ts';
import { inTurns } from '../base/in-turn.ts';
import { isKey } from '../base/keys.ts';
import { Secret } from '../base/log.ts';
import { type Keys, type TunnelKey, type TunnelPlace } from '../helper/ports.ts';
import { setAside, storageFailure, writeFileAtomic } from './files.ts';
import { guardedFolder, openGuarded, syncFolder } from './guarded-files.ts';

/** PKCS#8 of an X25519 private key is this header and 32 bytes (RFC 8410). */
const pkcs8Header = Buffer.from('302e020100300506032b656e04220420', 'hex');
const folderMode = 0o700;
const tunnelsPerUserMax = 256;
const idPattern = /^[a-z0-9]{1,32}$/;
const uidPattern = /^\d{1,10}$/;
/** No tunnel id has a dot, so no tunnel's key is ever taken for another's next one. */
const nextSuffix = '.next';

/**
 * One file per key, `<folder>/<uid>/<tunnel id>`, mode 0600 in folders 0700; the next key lies beside it until one rename makes it the
 * present one. Made by the system's own X25519; a damaged file is set aside and a new key made. A key of the layout before users
 * had folders of their own is moved to the first user who names its tunnel: ids are random, so that is whose it was.
 */
export function tunnelKeys(folder: string): Keys {
  const loaded = new Map<string, TunnelKey>();
  const inTurn = inTurns();
  const pathOf = ({ uid, tunnelId }: TunnelPlace): string => join(folder, String(uid), tunnelId);

  async function read(path: string): Promise<TunnelKey | undefined> {
    const known = loaded.get(path);
    if (known !== undefined) return known;
    const stored = await readKey(path);
    if (stored === undefined) return undefined;
    if (!isKey(stored.text)) {
      await setAside(path);
      return undefined;
    }
    return remember(path, stored.text, stored.madeMs);
  }

  async function make(path: string): Promise<TunnelKey> {
    const text = rawOf(generateKeyPairSync('x25519').privateKey, 'd');
    await writeFileAtomic(path, `${text}\n`, 0o600);
    return remember(path, text, Math.round((await lstat(path)).mtimeMs));
  }

  function remember(path: string, text: string, madeMs: number): TunnelKey {
    const key = { publicKey: publicKeyOf(text), privateKey: new Secret(text), path, madeMs };
    loaded.set(path, key);
    return key;
  }

  async function present(place: TunnelPlace): Promise<TunnelKey> {
    const path = pathOf(place);
    const known = loaded.get(path);
    if (known !== undefined) return known;
    guardedFolder(folder, folderMode);
    guardedFolder(dirname(path), folderMode);
    await sweep(dirname(path));
    await adoptOld(place);
    const stored = await read(path);
    if (stored !== undefined) return stored;
    await refuseTooMany(dirname(path));
    return make(path);
  }

  /** Nothing is lost when this ends half-way: a rename moves the key whole. */
  async function adoptOld({ uid, tunnelId }: TunnelPlace): Promise<void> {
    const [old, path] = [join(folder, tunnelId), pathOf({ uid, tunnelId })];
    // A user's folder may bear the number that a tunnel of old had as its id; it is no key then.
    if (await exists(path) || !(await isFile(old))) return;
    await rename(old, path);
    for (const changed of [folder, dirname(path)]) await syncFolder(changed);
  }

  async function waiting(place: TunnelPlace): Promise<TunnelKey | undefined> {
    await present(place);
    return read(pathOf(place) + nextSuffix);
  }

  return {
    of: (place) => inTurn(() => present(place)),
    next: (place, wanted) => inTurn(async () => (await waiting(place)) ?? (wanted ? make(pathOf(place) + nextSuffix) : undefined)),
    named: (place, publicKey) => inTurn(async () => {
      const found = [await present(place), await waiting(place)].find((key) => key?.publicKey === publicKey);
      if (found === undefined) throw failure('input.invalid', { field: 'public_key', reason: 'not a key of this tunnel' });
      return found;
    }),
    promote: (place, publicKey) => inTurn(async () => {
      const path = pathOf(place);
      const next = await waiting(place);
      if (next?.publicKey !== publicKey) return;
      try {
        await rename(next.path, path);
        await syncFolder(dirname(path));
      } catch (error) {
        throw storageFailure(error, path);
      } finally {
        // Whatever the disk says now is what counts.
        for (const each of [path, next.path]) loaded.delete(each);
      }
    }),
    known: async () => [...new Set((await namesIn(folder)).flat())],
  };
}

/** Ids of the old layout and of every user's folder. */
async function namesIn(folder: string): Promise<readonly (readonly string[])[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const old = entries.filter((entry) => entry.isFile() && idPattern.test(entry.name)).map(({ name }) => name);
  const users = entries.filter((entry) => entry.isDirectory() && uidPattern.test(entry.name));
  const lists = await Promise.all(users.map(({ name }) => readdir(join(folder, name)).catch(() => [])));
  return [old, ...lists.map((names) => names.filter((name) => idPattern.test(name)))];
}

/** A life that ended while it wrote a key left the file under a name of its own. Nobody was told that key. */
async function sweep(folder: string): Promise<void> {
  for (const name of await readdir(folder)) if (name.startsWith('.') && name.endsWith('.tmp')) await rm(join(folder, name), { force: true });
}

async function refuseTooMany(folder: string): Promise<void> {
  const got = (await readdir(folder)).filter((name) => idPattern.test(name)).length;
  if (got >= tunnelsPerUserMax) throw failure('input.limit', { field: 'tunnel_id', max: tunnelsPerUserMax, got: got + 1 });
}

async function readKey(path: string): Promise<{ readonly text: string; readonly madeMs: number } | undefined> {
  if (!(await exists(path))) return undefined;
  const file = await openGuarded(path, constants.O_RDONLY);
  try {
    return { text: (await file.readFile('utf8')).trim(), madeMs: Math.round((await file.stat()).mtimeMs) };
  } finally {
    await file.close();
  }
}

async function exists(path: string): Promise<boolean> {
  return (await entryOf(path)) !== undefined;
}

async function isFile(path: string): Promise<boolean> {
  return (await entryOf(path))?.isFile() ?? false;
}

/** What the name itself is: a link is not followed. */
async function entryOf(path: string): Promise<Stats | undefined> {
  try {
    return await lstat(path);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw storageFailure(error, path);
  }
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
