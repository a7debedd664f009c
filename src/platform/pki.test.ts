import { beforeAll, expect, test } from 'vitest';
import { forge, forgeRequest, type Keys, keysFrom, keysOf, sanExtension, server } from '../../test/fakes/forge.ts';
import { nextSerial, type TestMesh, testMesh } from '../../test/fakes/test-mesh.ts';
import { asFailure } from '../base/failure.ts';
import type { Identity } from '../base/identity.ts';
import { pki } from './pki.ts';

const hourMs = 3_600_000;
let mesh: TestMesh;
let alice: Identity;
let authority: Keys;
let own: Keys;
beforeAll(async () => {
  mesh = await testMesh('our mesh');
  alice = await mesh.device('alice');
  [authority, own] = [await keysFrom(mesh.authority.privateKey), await keysOf()];
});

const verify = (leaf: Uint8Array, above: readonly Uint8Array[] = mesh.authority.chain, root = mesh.root): string => {
  try {
    const { kind, id } = pki.verifyChain([leaf, ...above], root, Date.now());
    return `${kind} ${id}`;
  } catch (error) {
    return `${asFailure(error).code} ${String(asFailure(error).detail['problem'])}`;
  }
};
const times = (fromMs = -hourMs, toMs = hourMs): { notBeforeMs: number; notAfterMs: number; serial: Uint8Array } => ({ notBeforeMs: Date.now() + fromMs, notAfterMs: Date.now() + toMs, serial: nextSerial() });
const codeOf = (work: Promise<unknown>): Promise<string> => work.then(() => 'fine', (error: unknown) => `${asFailure(error).code} ${String(asFailure(error).detail['problem'])}`);

test('a device, its authority and the root make a chain, and say who it is', () => {
  const facts = pki.verifyChain(alice.chain, mesh.root, Date.now());
  expect(facts).toMatchObject({ kind: 'device', id: 'alice' });
  expect(facts.fingerprint).toBe(Buffer.from(pki.digest(alice.chain[0] ?? new Uint8Array())).toString('hex'));
  expect(verify(mesh.authority.chain[0] as Uint8Array, [mesh.root])).toBe('authority host');
  expect(verify(mesh.root, [])).toBe('root our mesh');
});

test('the same certificate by hand is good: the forgeries below fail for what they change', async () => {
  expect(verify(await forge('mallory', own, authority, 'host'))).toBe('device mallory');
});

const forgeries: readonly [string, Parameters<typeof forge>[4], string][] = [
  ['another name in CN than in SAN', { names: [{ type: 'dns', value: 'alice' }] }, 'malformed'],
  ['two names', { names: [{ type: 'dns', value: 'mallory' }, { type: 'dns', value: 'alice' }] }, 'malformed'],
  ['a name of another kind', { names: [{ type: 'email', value: 'mallory@example.com' }] }, 'malformed'],
  ['an address beside the name', { names: [{ type: 'dns', value: 'mallory' }, { type: 'ip', value: '127.0.0.1' }] }, 'malformed'],
  ['no name but CN', { names: [] }, 'malformed'],
  ['two common names', { subject: [['CN', 'mallory'], ['CN', 'alice']] }, 'malformed'],
  ['more of a subject', { subject: [['CN', 'mallory'], ['O', 'x']] }, 'malformed'],
  ['a name that is no id', { subject: [['CN', '*.mesh']], names: [{ type: 'dns', value: '*.mesh' }] }, 'malformed'],
  ['no extended key usage', { extendedKeyUsage: [] }, 'malformed'],
  ['half of the extended key usage', { extendedKeyUsage: [server] }, 'malformed'],
  ['more extended key usage', { extendedKeyUsage: [server, '1.3.6.1.5.5.7.3.2', '1.3.6.1.5.5.7.3.3'] }, 'malformed'],
  ['the right to sign certificates', { keyUsage: 33 }, 'malformed'],
  ['basic constraints of an authority', { ca: true }, 'malformed'],
  ['basic constraints at all', { ca: false }, 'malformed'],
  ['a signature with SHA-384', { hash: 'SHA-384' }, 'malformed'],
  ['its end an hour ago', { fromMs: -2 * hourMs, toMs: -hourMs }, 'expired'],
  ['its beginning in an hour', { fromMs: hourMs, toMs: 2 * hourMs }, 'not-yet-valid'],
  ['an issuer of another name', { issuer: [['CN', 'other'], ['OU', 'authority']] }, 'foreign'],
];

test.each(forgeries)('a certificate with %s is refused', async (_name, forgery, problem) => {
  expect(verify(await forge('mallory', own, authority, 'host', forgery))).toBe(`auth.unauthenticated ${problem}`);
});

test('an unknown extension is one too many', async () => {
  const twice = await forge('mallory', own, authority, 'host', { more: [sanExtension('mallory')] });
  expect(verify(twice)).toBe('auth.unauthenticated malformed');
});

test.each(['RSA', 'P-384'] as const)('a key of kind %s is refused', async (kind) => {
  expect(verify(await forge('mallory', await keysOf(kind), authority, 'host'))).toBe('auth.unauthenticated malformed');
  expect(await codeOf(pki.readRequest(await forgeRequest(await keysOf(kind), [['CN', 'mallory']])))).toBe('input.invalid not a key on P-256');
});

test('another mesh is foreign, with its own root or ours behind it, under the same names', async () => {
  const other = await testMesh('our mesh');
  const { chain } = await other.device('alice');
  expect(verify(chain[0] as Uint8Array, chain.slice(1))).toBe('auth.unauthenticated foreign');
  expect(verify(chain[0] as Uint8Array, [chain[1] as Uint8Array, mesh.root])).toBe('auth.unauthenticated foreign');
  expect(verify(chain[0] as Uint8Array)).toBe('auth.unauthenticated foreign');
});

test('a device signs nothing, alone or as an authority by name', async () => {
  const leaf = await keysFrom(alice.privateKey);
  const signed = await forge('mallory', own, leaf, 'alice', { issuer: [['CN', 'alice']] });
  expect(verify(signed, alice.chain)).toBe('auth.unauthenticated malformed');
  expect(verify(signed, [alice.chain[0] as Uint8Array, mesh.root])).toBe('auth.unauthenticated malformed');
  expect(verify(await forge('mallory', own, leaf, 'host'))).toBe('auth.unauthenticated foreign');
});

test('an authority makes no authority, and one with a longer path is none', async () => {
  const sub = { subject: [['CN', 'sub'], ['OU', 'authority']], names: [], extendedKeyUsage: [], keyUsage: 32, ca: 0 } as const;
  const subKeys = await keysOf();
  const under = await forge('sub', subKeys, authority, 'host', sub);
  expect(verify(await forge('mallory', own, subKeys, 'sub'), [under, ...mesh.authority.chain])).toBe('auth.unauthenticated malformed');
  const rootKeys = await keysFrom(mesh.rootKey);
  const byRoot = { ...sub, issuer: [['CN', 'our mesh'], ['OU', 'mesh']] } as const;
  const good = await forge('sub', subKeys, rootKeys, '', byRoot);
  expect(verify(await forge('mallory', own, subKeys, 'sub'), [good, mesh.root])).toBe('device mallory');
  for (const ca of [1, true, false, undefined]) {
    const wrong = await forge('sub', subKeys, rootKeys, '', { ...byRoot, ca });
    expect(verify(await forge('mallory', own, subKeys, 'sub'), [wrong, mesh.root])).toBe('auth.unauthenticated malformed');
  }
});

test('a self-signed device, a bare device and a device right under the root are no chain', async () => {
  const self = await forge('mallory', own, own, 'mallory', { issuer: [['CN', 'mallory']] });
  expect(verify(self, [])).toBe('auth.unauthenticated malformed');
  expect(verify(self, mesh.authority.chain)).toBe('auth.unauthenticated malformed');
  expect(verify(alice.chain[0] as Uint8Array, [])).toBe('auth.unauthenticated malformed');
  const rootKeys = await keysFrom(mesh.rootKey);
  expect(verify(await forge('mallory', own, rootKeys, '', { issuer: [['CN', 'our mesh'], ['OU', 'mesh']] }), [mesh.root])).toBe('auth.unauthenticated malformed');
  expect(verify(mesh.root, [mesh.root, mesh.root])).toBe('auth.unauthenticated malformed');
  expect(() => pki.verifyChain([], mesh.root, Date.now())).toThrow('auth.unauthenticated');
});

test('an authority whose time is over, or has not come, takes its devices with it', async () => {
  const late = Date.now() + 250 * 24 * hourMs;
  const leaf = await forge('mallory', own, authority, 'host', { toMs: 400 * 24 * hourMs });
  expect(() => pki.verifyChain([leaf, ...mesh.authority.chain], mesh.root, late, { expiredOk: true })).toThrow('expired');
  const early = Date.now() - 250 * 24 * hourMs;
  expect(() => pki.verifyChain([leaf, ...mesh.authority.chain], mesh.root, early)).toThrow('not-yet-valid');
});

test('expiredOk overlooks the end of the first certificate and nothing else', async () => {
  const ended = await mesh.device('sleeper', { fromMs: -2 * hourMs, toMs: -hourMs });
  expect(() => pki.verifyChain(ended.chain, mesh.root, Date.now())).toThrow('expired');
  expect(pki.verifyChain(ended.chain, mesh.root, Date.now(), { expiredOk: true }).id).toBe('sleeper');
  expect(() => pki.verifyChain(ended.chain, mesh.root, Date.now() - 3 * hourMs, { expiredOk: true })).toThrow('not-yet-valid');
});

test('no shortened, lengthened or changed certificate is believed', () => {
  const [leaf = new Uint8Array(), ...above] = alice.chain;
  for (let length = 0; length < leaf.length; length += 7) expect(verify(leaf.subarray(0, length), above)).toBe('auth.unauthenticated malformed');
  expect(verify(Uint8Array.of(...leaf, 0), above)).toBe('auth.unauthenticated malformed');
  for (let at = 0; at < leaf.length; at++) {
    const changed = Uint8Array.from(leaf);
    changed[at] = (changed[at] ?? 0) ^ (1 << (at % 8));
    expect(verify(changed, above), `byte ${at}`).toMatch(/^auth\.unauthenticated (malformed|foreign|not-yet-valid|expired)$/);
  }
});

test('nothing that is issued outlives or precedes its issuer, and years from 2050 on are written', async () => {
  const rootKey = await pki.createKey();
  const root = await pki.createRoot({ privateKey: rootKey, name: 'Größe', ...times(-hourMs, 40 * 365 * 24 * hourMs) });
  expect(pki.readCertificate(root)).toMatchObject({ kind: 'root', id: 'Größe' });
  const key = await pki.createKey();
  const request = await pki.createRequest(key, 'v');
  const certificate = await pki.issueAuthority({ root: { privateKey: rootKey, certificate: root }, request, ...times(-9 * hourMs, 90 * 365 * 24 * hourMs) });
  const [rootFacts, facts] = [pki.readCertificate(root), pki.readCertificate(certificate)];
  expect([facts.notBeforeMs, facts.notAfterMs]).toEqual([rootFacts.notBeforeMs, rootFacts.notAfterMs]);
  expect(pki.verifyChain([certificate, root], root, facts.notAfterMs).keyHash).toBe((await pki.readRequest(request)).keyHash);
});

test('requests: one name, one signature, nothing else', async () => {
  const good = await pki.createRequest(own.privateKey, 'new-1');
  expect((await pki.readRequest(good)).id).toBe('new-1');
  const changed = Uint8Array.from(good);
  changed[good.length - 1] = (changed[good.length - 1] ?? 0) ^ 1;
  expect(await codeOf(pki.readRequest(changed))).toBe('input.invalid the signature does not hold');
  expect(await codeOf(pki.readRequest(Uint8Array.of(...good, 0)))).toBe('input.invalid unreadable');
  expect(await codeOf(pki.readRequest(good.subarray(0, 50)))).toBe('input.invalid unreadable');
  expect(await codeOf(pki.readRequest(await forgeRequest(own, [['CN', 'a'], ['OU', 'authority']])))).toBe('input.invalid not a name of a device');
  expect(await codeOf(pki.readRequest(await forgeRequest(own, [['CN', 'no spaces here']])))).toBe('input.invalid not a name of a device');
  expect(await codeOf(pki.readRequest(await forgeRequest(own, [['CN', 'a']], [sanExtension('b')])))).toBe('input.invalid asks for more than a name');
});

test('keys and certificates that do not belong together sign nothing', async () => {
  const request = await pki.createRequest(own.privateKey, 'x');
  expect(await codeOf(pki.issueDevice({ authority: { privateKey: own.privateKey, chain: mesh.authority.chain }, request, ...times() }))).toBe('input.invalid belongs to another certificate');
  expect(await codeOf(pki.issueDevice({ authority: { privateKey: alice.privateKey, chain: alice.chain }, request, ...times() }))).toBe('input.invalid not of kind authority');
  expect(await codeOf(pki.issueAuthority({ root: { privateKey: mesh.authority.privateKey, certificate: mesh.authority.chain[0] as Uint8Array }, request, ...times() }))).toBe('input.invalid not of kind root');
  expect(await codeOf(pki.createRequest((await keysOf('P-384')).privateKey, 'x'))).toBe('input.invalid not a key on P-256');
  expect(await codeOf(pki.issueDevice({ authority: mesh.authority, request, ...times(), serial: new Uint8Array(17) }))).toMatch(/^input.invalid 1 to 16 bytes/);
  expect(await codeOf(pki.issueDevice({ authority: mesh.authority, request, ...times(2 * hourMs, hourMs) }))).toBe('input.invalid ends before it begins');
});

test('every serial number of up to 16 bytes is taken, and read as positive', async () => {
  const request = await pki.createRequest(own.privateKey, 'x');
  for (const serial of [Uint8Array.of(1), Uint8Array.of(0x80), new Uint8Array(16).fill(0xff), Uint8Array.of(0, 0, 1)]) {
    const leaf = await pki.issueDevice({ authority: mesh.authority, request, ...times(), serial });
    expect(verify(leaf)).toBe('device x');
  }
});
