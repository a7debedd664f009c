import type { SafeStorage } from 'electron';
import { type Sealer } from '../platform/sealed-secrets.ts';

/** What we need of Electron's safeStorage. The backend has a name on Linux only. */
export type Keyring = Pick<SafeStorage, 'isEncryptionAvailable' | 'encryptString' | 'decryptString' | 'getSelectedStorageBackend'>;

/**
 * The desktop's keyring as a sealer, or undefined where there is none. On Linux without a keyring Electron would "encrypt" with a password that
 * everybody knows (basic_text): that is a private file with extra steps, so the private file is used, and the trust topic says so.
 * To be asked only after the app is ready.
 */
export function keyringSealer(keyring: Keyring, platform: NodeJS.Platform): Sealer | undefined {
  if (!keyring.isEncryptionAvailable()) return undefined;
  if (platform === 'linux' && ['basic_text', 'unknown'].includes(keyring.getSelectedStorageBackend())) return undefined;
  return {
    seal: (text) => keyring.encryptString(text),
    open: (sealed) => keyring.decryptString(Buffer.from(sealed)),
  };
}
