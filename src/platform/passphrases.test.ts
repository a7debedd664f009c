import { expect, test } from 'vitest';
import { passphrases } from './passphrases.ts';

test('what was sealed is opened by its passphrase, and by no other', async () => {
  const sealed = await passphrases.seal('the root key', 'correct horse');
  expect(sealed).toMatch(/^-----BEGIN AGE ENCRYPTED FILE-----\n/);
  expect(sealed).not.toContain('root key');
  expect(await passphrases.open(sealed, 'correct horse')).toBe('the root key');
  await expect(passphrases.open(sealed, 'wrong horse')).rejects.toMatchObject({ code: 'input.passphrase' });
}, 60_000);

test('what is no sealed file, or was changed, is damaged; one that asks for a machine\'s whole memory is not tried', async () => {
  for (const text of ['', 'hello', '-----BEGIN AGE ENCRYPTED FILE-----\nYWdl\n-----END AGE ENCRYPTED FILE-----\n', 'x'.repeat(2 << 20)]) {
    await expect(passphrases.open(text, 'x')).rejects.toMatchObject({ code: 'input.file-damaged' });
  }
  const greedy = Buffer.from('age-encryption.org/v1\n-> scrypt AAAAAAAAAAAAAAAAAAAAAA 20\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n--- AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n').toString('base64');
  const armored = `-----BEGIN AGE ENCRYPTED FILE-----\n${(greedy.match(/.{1,64}/g) ?? []).join('\n')}\n-----END AGE ENCRYPTED FILE-----\n`;
  await expect(passphrases.open(armored, 'x')).rejects.toMatchObject({ code: 'input.file-damaged' });
});
