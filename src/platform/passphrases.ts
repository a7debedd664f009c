import { armor, Decrypter, Encrypter } from 'age-encryption';
import { failure } from '../base/failure.ts';
import type { Passphrases } from '../core/ports.ts';

/** Work of scrypt, as a power of two: about a second and 256 MiB on a desktop, the default of age itself. The process stands still for it. */
const workFactor = 18;
const sealedBytesMax = 1 << 20;

/** Files in the format of age (age-encryption.org/v1), armored text: any age tool opens them with the passphrase. */
export const passphrases: Passphrases = {
  seal: async (text, passphrase) => {
    const encrypter = new Encrypter();
    encrypter.setScryptWorkFactor(workFactor);
    encrypter.setPassphrase(passphrase);
    return armor.encode(await encrypter.encrypt(text));
  },
  open: async (sealed, passphrase) => {
    if (sealed.length > sealedBytesMax) throw failure('input.file-damaged', { problem: 'too large' });
    const bytes = decode(sealed);
    const [, work] = scryptStanza.exec(Buffer.from(bytes.subarray(0, headerBytes)).toString('latin1')) ?? [];
    if (work === undefined || Number(work) > workFactor) throw failure('input.file-damaged', { problem: 'not sealed by this product' });
    const decrypter = new Decrypter();
    decrypter.addPassphrase(passphrase);
    try {
      return await decrypter.decrypt(bytes, 'text');
    } catch (error) {
      throw failure(noMatch.test(String(error)) ? 'input.passphrase' : 'input.file-damaged', {}, error);
    }
  },
};

/** The only recipient of a file with a passphrase comes first (age-encryption.org/v1); its last word is the work it asks for. */
const scryptStanza = /^age-encryption\.org\/v1\n-> scrypt \S{22} (\d{1,2})\n/;
const headerBytes = 100;

/** What age says when no key of ours opens the file: a scrypt file has one recipient, so the passphrase is another. */
const noMatch = /no identity matched/i;

function decode(sealed: string): Uint8Array {
  try {
    return armor.decode(sealed);
  } catch (error) {
    throw failure('input.file-damaged', { problem: 'not a file of age' }, error);
  }
}
