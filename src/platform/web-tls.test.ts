import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, get } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { forge, keysFrom, keysOf } from '../../test/fakes/forge.ts';
import { pki } from './pki.ts';
import { createFileSecrets } from './secrets-file.ts';
import { webServerTls, type WebTls } from './web-tls.ts';

let home = '';
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'wm-webtls-'));
});
afterEach(() => rmSync(home, { recursive: true }));

async function visit({ options }: Pick<WebTls, 'options'>, ca: string, host: string, address = host): Promise<string> {
  const server = createServer(options, (_request, response) => response.end('page'));
  const port = await new Promise<number>((resolve) => server.listen(0, address, () => resolve((server.address() as AddressInfo).port)));
  try {
    return await new Promise((resolve) => {
      get({ host: address, servername: /^[\d:.]+$/.test(host) ? '' : host, port, ca, path: '/', agent: false, headers: { host } }, (response) => {
        response.resume();
        resolve(String(response.statusCode));
      }).on('error', (error) => resolve(error.message));
    });
  } finally {
    server.close();
  }
}

test('whoever was given the authority of this device reaches the page by its loopback names', async () => {
  const tls = await webServerTls(createFileSecrets(home), Date.now());
  expect(await visit(tls, tls.authority, '127.0.0.1')).toBe('200');
  expect(await visit(tls, tls.authority, '::1')).toBe('200');
  expect(await visit(tls, tls.authority, 'localhost', '127.0.0.1')).toBe('200');
  const other = await webServerTls(createFileSecrets(join(home, 'other')), Date.now());
  expect(await visit(tls, other.authority, '127.0.0.1')).not.toBe('200');
});

test('the authority is made once, kept, and made anew before a leaf would outlive it', async () => {
  const secrets = createFileSecrets(home);
  const first = await webServerTls(secrets, Date.now());
  const second = await webServerTls(secrets, Date.now());
  expect(second.fingerprint).toBe(first.fingerprint);
  expect(second.options.key).not.toBe(first.options.key);
  expect((await webServerTls(secrets, Date.now() + 720 * 86_400_000)).fingerprint).not.toBe(first.fingerprint);
});

test('the authority can speak for nothing but the loopback, and the mesh takes none of its certificates', async () => {
  const secrets = createFileSecrets(home);
  const tls = await webServerTls(secrets, Date.now());
  const certificate = new X509Certificate(tls.authority);
  expect(certificate.ca).toBe(true);
  expect(() => pki.readCertificate(certificate.raw)).toThrow('input.invalid');
  const [key = ''] = ((await secrets.load('web-authority')) ?? '').split(' ');
  const privateKey = createPrivateKey({ key: Buffer.from(key, 'base64'), format: 'der', type: 'pkcs8' });
  expect(certificate.checkPrivateKey(privateKey)).toBe(true);
  const own = await keysOf();
  const issuer = [['CN', 'Webmesh on this device'], ['OU', certificate.subject.split('OU=')[1] ?? '']] as const;
  const pem = (der: Uint8Array, label: string): string => `-----BEGIN ${label}-----\n${Buffer.from(der).toString('base64')}\n-----END ${label}-----\n`;
  const signed = async (name: string): Promise<string> => {
    const leaf = await forge(name, own, await keysFrom(new Uint8Array(Buffer.from(key, 'base64'))), '', { issuer });
    return visit({ options: { ...tls.options, key: pem(own.privateKey, 'PRIVATE KEY'), cert: pem(leaf, 'CERTIFICATE') } }, tls.authority, name, '127.0.0.1');
  };
  expect(await signed('localhost')).toBe('200');
  expect(await signed('bank.example')).toBe('permitted subtree violation');
});

test('a secret that is no authority is said, never replaced', async () => {
  const secrets = createFileSecrets(home);
  await secrets.save('web-authority', 'garbage');
  await expect(webServerTls(secrets, Date.now())).rejects.toMatchObject({ code: 'internal.secrets' });
});
