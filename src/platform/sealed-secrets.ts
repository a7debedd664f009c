import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { failure, type Failure } from '../base/failure.ts';
import { inTurns } from '../base/in-turn.ts';
import type { Secrets } from '../core/ports.ts';
import { writeFileAtomic } from './files.ts';
import { readSmallBytes } from './small-file.ts';

/** What the system's keyring does with a text. Both may throw. */
export interface Sealer {
  seal(text: string): Uint8Array;
  open(sealed: Uint8Array): string;
}

const namePattern = /^[a-z0-9-]{1,64}$/;
const sealedBytesMax = 1 << 20;

/**
 * Secrets that only the system's keyring opens, as `NAME.sealed` beside the private files of `plain`, in the same folder. What was kept in a
 * private file before is read there, and moves with its next change. Without a sealer (a shell that cannot reach the keyring) private
 * files serve, but what is sealed is refused by name and never taken for missing: a missing key would be made anew, and the old one lost.
 */
export function createSealedSecrets(folder: string, plain: Secrets, sealer: Sealer | undefined): Secrets {
  const inOrder = inTurns();
  const pathOf = (name: string): string => {
    if (!namePattern.test(name)) throw new Error(`not a name of a secret: ${name}`);
    return join(folder, `${name}.sealed`);
  };
  if (sealer === undefined) {
    const refuseSealed = async (name: string): Promise<void> => {
      if ((await readSealed(pathOf(name))) !== undefined) throw refused(pathOf(name), 'the keyring of the desktop holds it: start the Webmesh window instead');
    };
    return {
      kept: 'private-file',
      load: (name) => inOrder(async () => (await refuseSealed(name), plain.load(name))),
      save: (name, text) => inOrder(async () => (await refuseSealed(name), plain.save(name, text))),
      remove: (name) => inOrder(async () => (await removeSealed(pathOf(name)), plain.remove(name))),
    };
  }
  return {
    kept: 'keyring',
    load: (name) => inOrder(async () => {
      const sealed = await readSealed(pathOf(name));
      return sealed === undefined ? plain.load(name) : opened(sealer, sealed, pathOf(name));
    }),
    save: (name, text) => inOrder(async () => {
      await writeFileAtomic(pathOf(name), sealedBy(sealer, text, pathOf(name)), 0o600).catch((error: unknown) => {
        throw refused(pathOf(name), 'it could not be written', error);
      });
      await plain.remove(name);
    }),
    remove: (name) => inOrder(async () => (await removeSealed(pathOf(name)), plain.remove(name))),
  };
}

async function readSealed(path: string): Promise<Buffer | undefined> {
  try {
    return await readSmallBytes(path, sealedBytesMax);
  } catch (error) {
    throw refused(path, 'it cannot be read', error);
  }
}

function opened(sealer: Sealer, sealed: Uint8Array, path: string): string {
  try {
    return sealer.open(sealed);
  } catch (error) {
    throw refused(path, 'the keyring does not open it', error);
  }
}

function sealedBy(sealer: Sealer, text: string, path: string): Uint8Array {
  try {
    return sealer.seal(text);
  } catch (error) {
    throw refused(path, 'the keyring does not take it', error);
  }
}

async function removeSealed(path: string): Promise<void> {
  await rm(path, { force: true }).catch((error: unknown) => {
    throw refused(path, 'it cannot be removed', error);
  });
}

function refused(path: string, reason: string, cause?: unknown): Failure {
  return failure('internal.secrets', { path, reason }, cause);
}
