import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { createMeshKeys, toWire } from '../../test/node/mesh-keys.ts';
import { isFailure } from '../base/failure.ts';
import { type Identity } from '../base/identity.ts';
import { NodeControl } from '../gen/webmesh/helper/v1/helper.ts';
import { pki } from '../platform/pki.ts';
import { needsRestart, type NodeConfig, parseControl } from './config.ts';
import { checkIdentity, sameIdentity } from './identity.ts';

const lineOf = (identity: Identity | undefined, more: object = {}): string =>
  JSON.stringify(NodeControl.toJSON(NodeControl.fromPartial({ dataDir: '/d', socketPath: '/s', spec: { tunnelId: 't', nodeId: 'laptop', ...(identity ? { identity: toWire(identity) } : {}), ...more } })));

const problem = async (work: () => unknown): Promise<unknown> => {
  try {
    await work();
    return 'fine';
  } catch (error) {
    return isFailure(error) && error.code === 'input.invalid' ? `${String(error.detail['field'])} ${String(error.detail['reason'])}` : error;
  }
};
const check = (identity: Identity, nodeId = 'laptop'): Promise<unknown> => problem(() => checkIdentity(nodeId, parseControl(lineOf(identity, { nodeId })).identity, pki));

test('an identity or clear text by name: one of both', async () => {
  const identity = await (await createMeshKeys()).founder('laptop');
  expect([await problem(() => parseControl(lineOf(identity))), await problem(() => parseControl(lineOf(undefined, { insecure: true }))), await problem(() => parseControl(lineOf(undefined))), await problem(() => parseControl(lineOf(identity, { insecure: true })))])
    .toEqual(['fine', 'fine', 'identity is missing, and clear text was not asked for', 'insecure excludes an identity']);
});

test('the same keys and certificates are read once; any other byte is another identity', async () => {
  const keys = await createMeshKeys();
  const [founder, device] = [await keys.founder('laptop'), await keys.device('laptop')];
  const read = (identity: Identity): NodeConfig['identity'] => parseControl(lineOf(identity)).identity;
  const turned = Uint8Array.from(founder.privateKey, (byte, i) => (i === 40 ? byte ^ 1 : byte));
  const others = [device, { ...founder, authority: null }, { ...founder, privateKey: turned }, { ...founder, chain: founder.chain.toReversed() }];
  const first = read(founder);
  expect(read(founder)).toBe(first);
  for (const other of others) {
    expect(sameIdentity(read(other), read(founder))).toBe(false);
    expect(read(other)?.reveal()).toEqual(other);
  }
});

test('what cannot be keys and certificates is refused with its field', async () => {
  const good = await (await createMeshKeys()).founder('laptop');
  const bad: Partial<Identity>[] = [
    { privateKey: new Uint8Array() }, { privateKey: new Uint8Array(5_000) }, { chain: good.chain.slice(0, 1) }, { chain: [...good.chain, ...good.chain] }, { chain: [new Uint8Array(), good.chain[1] as Uint8Array] },
    { authority: { privateKey: new Uint8Array(), chain: good.authority?.chain ?? [] } }, { authority: { privateKey: good.privateKey, chain: [] } },
  ];
  const fields = await Promise.all(bad.map(async (part) => String(await problem(() => parseControl(lineOf({ ...good, ...part })))).split(' ')[0]));
  expect(fields).toEqual(['identity.private_key', 'identity.private_key', 'identity.chain', 'identity.chain', 'identity.chain', 'identity.authority_key', 'identity.authority_chain']);
});

test('the parts must fit: chain, key and id; and when they end is not asked', async () => {
  const keys = await createMeshKeys();
  const [good, other, foreign] = [await keys.founder('laptop'), await keys.device('other'), await (await createMeshKeys()).founder('laptop')];
  const ended = await keys.device('laptop', { notAfterMs: Date.now() - 60_000 });
  expect([
    await check(good), await check(ended), await check(other), await check({ ...good, privateKey: other.privateKey }), await check({ ...good, privateKey: new Uint8Array(100) }),
    await check({ ...good, chain: [...good.chain.slice(0, 2), foreign.chain[2] as Uint8Array] }), await check({ ...good, chain: [good.chain[0] as Uint8Array, new Uint8Array([1]), good.chain[2] as Uint8Array] }),
    await check({ ...good, chain: good.chain.slice(1) }), await check({ ...good, authority: foreign.authority }), await check({ ...good, authority: await keys.authority('other') }), await check(good, 'laptop_'),
  ]).toEqual([
    'fine', 'fine', 'identity.chain names another node', 'identity.chain is for another key', expect.stringMatching(/^identity\.chain /),
    'identity.chain foreign', expect.stringMatching(/^identity\.chain /),
    'identity.chain begins with a certificate of kind authority', 'identity.authority_chain foreign', 'identity.authority_chain names another node', 'node_id cannot stand in a certificate',
  ]);
});

test('no way of printing a configuration or an error shows a key', async () => {
  const identity = await (await createMeshKeys()).founder('laptop');
  const secrets = [identity.privateKey, identity.authority?.privateKey ?? new Uint8Array()].flatMap((key) => [Buffer.from(key).toString('base64').slice(20, 60), Buffer.from(key).toString('hex').slice(40, 90)]);
  const config: NodeConfig = parseControl(lineOf(identity));
  const torn = lineOf(identity).replace('"privateKey":"', '"privateKey":');
  const error = await Promise.resolve().then(() => parseControl(torn)).catch((caught: unknown) => caught);
  const printed = [inspect(config, { depth: 9, showHidden: true }), JSON.stringify(config), String(config.identity), inspect(error, { depth: 9, showHidden: true }), error instanceof Error ? `${error.stack} ${String(error.cause)}` : ''].join('\n');
  expect([secrets.filter((secret) => printed.includes(secret)), printed.includes('•••')]).toEqual([[], true]);
});

test('a renewed identity needs no new start, and equal bytes are the same identity; leaving TLS is another node', async () => {
  const keys = await createMeshKeys();
  const [before, renewed] = [await keys.device('laptop'), await keys.device('laptop')];
  const [a, b, clear] = [parseControl(lineOf(before)), parseControl(lineOf(renewed)), parseControl(lineOf(undefined, { insecure: true }))];
  expect([needsRestart(a, b), needsRestart(a, clear), needsRestart(clear, a)]).toEqual([false, true, true]);
  expect([sameIdentity(a.identity, parseControl(lineOf(before)).identity), sameIdentity(a.identity, b.identity), sameIdentity(a.identity, null), sameIdentity(null, null)]).toEqual([true, false, false, true]);
});
