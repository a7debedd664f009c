import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type * as Electron from 'electron';
import { strict } from '../unsupported.ts';
import { theApp } from './app.ts';

type Shape = Pick<Electron.SafeStorage, 'isEncryptionAvailable' | 'encryptString' | 'decryptString' | 'getSelectedStorageBackend'>;

/**
 * As Electron behaves on Linux: without a keyring service the backend is basic_text and nothing is offered; with one (STANDIN_KEYRING=1) texts
 * become bytes that begin with a version and that only the same keyring opens. Nothing works before the app is ready.
 */
class SafeStorage implements Shape {
  readonly #present = process.env.STANDIN_KEYRING === '1';

  isEncryptionAvailable(): boolean {
    return theApp.isReady() && this.#present;
  }
  getSelectedStorageBackend(): 'basic_text' | 'gnome_libsecret' | 'unknown' {
    if (!theApp.isReady()) return 'unknown';
    return this.#present ? 'gnome_libsecret' : 'basic_text';
  }
  encryptString(text: string): Buffer {
    if (!this.isEncryptionAvailable()) throw new Error('Error while encrypting the text provided to safeStorage.encryptString. Encryption is not available.');
    const nonce = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', this.#key(), nonce);
    const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
    return Buffer.concat([Buffer.from('v11'), nonce, cipher.getAuthTag(), body]);
  }
  decryptString(sealed: Buffer): string {
    if (!this.isEncryptionAvailable()) throw new Error('Error while decrypting the ciphertext provided to safeStorage.decryptString. Decryption is not available.');
    if (sealed.subarray(0, 3).toString() !== 'v11') throw new Error('Error while decrypting the ciphertext provided to safeStorage.decryptString. Ciphertext does not appear to be encrypted.');
    const decipher = createDecipheriv('aes-256-gcm', this.#key(), sealed.subarray(3, 15)).setAuthTag(sealed.subarray(15, 31));
    return Buffer.concat([decipher.update(sealed.subarray(31)), decipher.final()]).toString('utf8');
  }

  /** Where a keyring service would keep it: outside of the app's own folders, one for all apps of the test. */
  #key(): Buffer {
    const folder = join(theApp.getPath('userData'), '..', 'standin-keyring');
    const file = join(folder, 'key');
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    if (!existsSync(file)) writeFileSync(file, randomBytes(32), { mode: 0o600 });
    return readFileSync(file);
  }
}

export const safeStorage = strict('safeStorage', new SafeStorage());
