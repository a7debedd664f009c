import { isFailure } from '../../../src/base/failure.ts';
import { deviceIdPattern } from '../../../src/base/identity.ts';
import { invitationOf, readInvite, writeInvite } from '../../../src/core/trust/invite.ts';
import { createKeyring, withKey } from '../../../src/core/trust/keyring.ts';
import { pki } from '../../../src/platform/pki.ts';
import { chance } from '../../../src/base/random.ts';
import { bytes } from '../shapes/bytes.ts';
import { der } from '../shapes/der.ts';
import { json } from '../shapes/json.ts';
import { proto } from '../shapes/proto.ts';
import { type Shape } from '../shapes/shape.ts';
import { asyncRefusals, bytesOf, holds, refusals, type Target, utf8 } from '../target.ts';

const linkStart = 'webmesh://join/';
const invite = {
  networkName: 'home', endpoints: [{ nodeId: 'host', address: '203.0.113.1:8443' }, { nodeId: 'host', address: '[fd00::1]:8443' }], rootFingerprint: new Uint8Array(32).fill(1), inviteId: 'abcdefgh01234567',
  token: new Uint8Array(32).fill(2), role: 'member' as const, expiresAtMs: 1_800_000_000_000, invitedBy: 'host', needsApproval: false,
};

/** Changes the message inside and mends the checksum; every fifth change is to the text of the link. */
const linkShape: Shape = (input, help) => {
  const raw = Buffer.from(utf8(input).trim().replace(linkStart, ''), 'base64url');
  if (chance(help.random, 0.2) || raw.length < 5) return bytes(input, help);
  const payload = proto(raw.subarray(0, -4), help);
  return bytesOf(`${linkStart}${Buffer.concat([payload, pki.digest(payload).subarray(0, 4)]).toString('base64url')}${chance(help.random, 0.2) ? '\n' : ''}`);
};

const link: Target = {
  name: 'invite-link', from: 'whoever sends a link or a file, and web pages with links', shape: linkShape, words: ['webmesh://join/', 'webmesh:', 'javascript:', '%2f', '..', '\u202e', '\u0000', 'localhost:1', '127.0.0.1:8443', '[::1]:1', 'a'.repeat(64)],
  open: () => {
    const good = writeInvite(invite, pki.digest);
    return {
      seeds: [good, `${good}\n`, writeInvite({ ...invite, needsApproval: true, role: 'guest', endpoints: invite.endpoints.slice(0, 1) }, pki.digest), linkStart].map(bytesOf),
      run: (input) => {
        const read = refusals(() => readInvite(utf8(input), pki.digest));
        if (read === undefined) return undefined;
        holds(writeInvite(read, pki.digest) === utf8(input).trim(), 'there is one spelling of an invite');
        const shown = invitationOf(utf8(input), read, 0, null);
        for (const text of [shown.networkName, shown.invitedBy, ...shown.addresses]) holds(!/[\p{Cc}\p{Cf}]/u.test(text), `nothing hidden is shown: ${JSON.stringify(text)}`);
        return undefined;
      },
    };
  },
};

/** The damage must never be told with what was damaged: that may be a token. */
const secretLink: Target = {
  name: 'invite-silence', from: 'whoever reads logs', shape: linkShape,
  open: () => ({
    seeds: [bytesOf(writeInvite(invite, pki.digest))],
    run: (input) => {
      try {
        readInvite(utf8(input), pki.digest);
      } catch (error) {
        const body = utf8(input).slice(linkStart.length).trim();
        // What a token is written in; a fuzzer also learns to write our own sentences.
        if (isFailure(error) && /^[A-Za-z0-9_-]{24}/.test(body)) holds(!JSON.stringify(error.detail).includes(body.slice(0, 24)), 'a refusal does not repeat the link');
        else if (!isFailure(error)) throw error;
      }
      return undefined;
    },
  }),
};

const validity = { notBeforeMs: 1_700_000_000_000, notAfterMs: 1_800_000_000_000, serial: Uint8Array.of(1, 2, 3) };
const atMs = 1_750_000_000_000;

interface Mesh {
  readonly root: Uint8Array;
  readonly authority: Uint8Array;
  readonly device: Uint8Array;
  readonly request: Uint8Array;
}

async function mesh(): Promise<Mesh> {
  const [rootKey, authorityKey, deviceKey] = await Promise.all([pki.createKey(), pki.createKey(), pki.createKey()]);
  const root = await pki.createRoot({ privateKey: rootKey, name: 'home', ...validity });
  const authority = await pki.issueAuthority({ root: { privateKey: rootKey, certificate: root }, request: await pki.createRequest(authorityKey, 'host'), ...validity });
  const request = await pki.createRequest(deviceKey, 'laptop');
  return { root, authority, request, device: await pki.issueDevice({ authority: { privateKey: authorityKey, chain: [authority, root] }, request, ...validity }) };
}

const request: Target = {
  name: 'x509-request', from: 'whoever has an invite, before anything of it is checked', shape: der, heavy: true, words: ['laptop', 'CN', '\u0000', '*', 'host.example'],
  open: async () => {
    const good = (await mesh()).request;
    return {
      seeds: [good],
      run: async (input) => {
        const facts = await asyncRefusals(() => pki.readRequest(input));
        if (facts) holds(deviceIdPattern.test(facts.id) && /^[0-9a-f]{64}$/.test(facts.keyHash), 'a request that is taken names a device');
        return undefined;
      },
    };
  },
};

const certificate: Target = {
  name: 'x509-certificate', from: 'whoever makes a TLS handshake', shape: der, heavy: true,
  open: async () => {
    const { root, authority, device } = await mesh();
    return {
      seeds: [device, authority, root],
      run: (input) => {
        // What cannot be read is not looked at further by verifyChain either, which is asked now and then all the same.
        if (refusals(() => pki.readCertificate(input)) === undefined && input.length % 16 !== 0) return undefined;
        // In the place of the device's and of the authority's: only the true ones may pass.
        const [asDevice, asAuthority, asRoot] = [[input, authority, root], [device, input, root], [device, authority, input]].map((chain) => refusals(() => pki.verifyChain(chain, root, atMs)));
        holds(asDevice === undefined || Buffer.from(input).equals(device), 'no other device certificate leads to the root');
        holds(asAuthority === undefined || Buffer.from(input).equals(authority), 'no other authority is signed by the root');
        holds(asRoot === undefined || Buffer.from(input).equals(root), 'the root is pinned byte for byte');
        return undefined;
      },
    };
  },
};

const keyring: Target = {
  name: 'keyring', from: 'whoever could write in the secrets of the home folder', shape: json,
  open: async () => {
    const saved: string[] = [];
    const store = createKeyring({ kept: 'private-file', load: async () => undefined, save: async (_, value) => void saved.push(value), remove: async () => {} });
    const { root, authority, device } = await mesh();
    await store.create('a', { ...withKey(await pki.createKey()), chain: [device, authority, root], role: 'admin', rootKey: await pki.createKey(), invite: 'webmesh://join/AAAA' });
    await store.create('b', { ...withKey(await pki.createKey()), authority: { key: await pki.createKey(), chain: [authority, root] } });
    return {
      seeds: saved.map(bytesOf),
      run: async (input) => {
        const text = utf8(input);
        const read = await asyncRefusals(() => createKeyring({ kept: 'private-file', load: async () => text, save: async () => {}, remove: async () => {} }).load('a'));
        if (read) holds(read.key.length > 0 && read.chain.every((one) => one instanceof Uint8Array), 'keys are bytes');
        return undefined;
      },
    };
  },
};

export const trust: readonly Target[] = [link, secretLink, request, certificate, keyring];
