/** That each simulated router maps and filters as its name says (RFC 4787): what the paths are judged by must itself be judged. */
import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createInternet, type Internet } from '../../../scripts/lib/nat.ts';
import { type Probe, probeIn } from './probe.ts';

const able = process.getuid?.() === 0 && ['ip', 'nft'].every((tool) => spawnSync(tool, ['-V']).status === 0);
const prefix = 'wmnat';
let net: Internet;
const probes = new Map<string, Probe>();
let builtMs = 0;

function probe(host: string): Probe {
  const known = probes.get(host) ?? probeIn(net.namespace(host));
  probes.set(host, known);
  return known;
}

beforeAll(() => {
  if (!able) return;
  const started = performance.now();
  net = createInternet({
    prefix,
    sites: [
      { name: 'open', nat: 'none', hosts: ['one', 'two'], ipv6: true },
      { name: 'cone', nat: 'full-cone', hosts: ['full-cone'] },
      { name: 'address', nat: 'address-restricted', hosts: ['address-restricted'] },
      { name: 'port', nat: 'port-restricted', hosts: ['port-restricted', 'neighbour'], hairpin: false },
      { name: 'loop', nat: 'port-restricted', hosts: ['loop-a', 'loop-b'], hairpin: true },
      { name: 'sym', nat: 'symmetric', hosts: ['symmetric'] },
      { name: 'blocked', nat: 'udp-blocked', hosts: ['udp-blocked'] },
      { name: 'carrier', nat: 'port-restricted', hosts: [], hairpin: true },
      { name: 'home', nat: 'port-restricted', carrier: 'carrier', hosts: ['double'] },
      { name: 'home2', nat: 'port-restricted', carrier: 'carrier', hosts: ['double-2'] },
      { name: 'six', nat: 'port-restricted', hosts: ['six'], ipv4: false, ipv6: true },
    ],
  });
  builtMs = performance.now() - started;
});
afterAll(() => {
  for (const each of probes.values()) each.end();
  if (able) net.remove();
});

/** What two strangers and one that was spoken to can do to a socket behind a router, in one line. */
async function behaviour(host: string): Promise<string> {
  const [inside, one, two] = [probe(host), probe('one'), probe('two')];
  const mirrors = [await one.open(0, { mirror: true }), await one.open(0, { mirror: true }), await two.open(0, { mirror: true })];
  const [spokenTo, samePlace, elsewhere] = [await one.open(), await one.open(), await two.open()];
  const own = await inside.open();
  const first = `${net.address('one')}:${mirrors[0]}`;
  await inside.send(own, first);
  for (const to of [`${net.address('one')}:${mirrors[1]}`, `${net.address('two')}:${mirrors[2]}`]) await inside.send(own, to);
  const seen = (await inside.heard(own, host === 'udp-blocked' ? 0 : mirrors.length)).map(({ text }) => text);
  if (seen.length === 0) return 'nothing passes';
  const mapping = new Set(seen).size === 1 ? 'endpoint-independent mapping' : 'endpoint-dependent mapping';
  const filtered = await inside.open();
  await inside.send(filtered, `${net.address('one')}:${spokenTo}`);
  const mapped = (await one.heard(spokenTo, 1))[0]?.from ?? '';
  await one.send(spokenTo, mapped, 'end');
  await one.send(samePlace, mapped, 'address');
  await two.send(elsewhere, mapped, 'anyone');
  const letIn = [...(await inside.heard(filtered, 1)), ...(await inside.heard(filtered))];
  return `${mapping}, lets in ${letIn.map(({ text }) => text).join(' ')}, from ${mapped.replace(/:\d+$/, '')}`;
}

test.skipIf(!able)('each kind maps and filters as it is named', async () => {
  const kinds = ['full-cone', 'address-restricted', 'port-restricted', 'symmetric', 'udp-blocked', 'double', 'one'];
  const told = Object.fromEntries(await Promise.all(kinds.map(async (kind) => [kind, await behaviour(kind)])));
  expect(told).toEqual({
    'full-cone': `endpoint-independent mapping, lets in end address anyone, from ${net.publicAddress('full-cone')}`,
    'address-restricted': `endpoint-independent mapping, lets in end address, from ${net.publicAddress('address-restricted')}`,
    'port-restricted': `endpoint-independent mapping, lets in end, from ${net.publicAddress('port-restricted')}`,
    symmetric: `endpoint-dependent mapping, lets in end, from ${net.publicAddress('symmetric')}`,
    'udp-blocked': 'nothing passes',
    double: `endpoint-independent mapping, lets in end, from ${net.publicAddress('double')}`,
    one: `endpoint-independent mapping, lets in end address anyone, from ${net.address('one')}`,
  });
  expect(net.publicAddress('double')).toBe(net.publicAddress('double-2'));
});

/** Whether two machines behind one public address meet when both send to where a third saw the other. */
async function loops(a: string, b: string): Promise<readonly boolean[]> {
  const mirror = await probe('one').open(0, { mirror: true });
  const ports = [await probe(a).open(), await probe(b).open()] as const;
  const seen = await Promise.all([[a, ports[0]] as const, [b, ports[1]] as const].map(async ([host, port]) => {
    await probe(host).send(port, `${net.address('one')}:${mirror}`);
    return (await probe(host).heard(port, 1))[0]?.text ?? '';
  }));
  for (let round = 0; round < 2; round++) await Promise.all([probe(a).send(ports[0], seen[1] ?? '', 'hello'), probe(b).send(ports[1], seen[0] ?? '', 'hello')]);
  return Promise.all([probe(a).heard(ports[0]), probe(b).heard(ports[1])]).then((heard) => heard.map((each) => each.some(({ text }) => text === 'hello')));
}

test.skipIf(!able)('a router loops back only where it is told to, a carrier too', async () => {
  expect(await Promise.all([loops('loop-a', 'loop-b'), loops('port-restricted', 'neighbour'), loops('double', 'double-2')])).toEqual([[true, true], [false, false], [true, true]]);
});

test.skipIf(!able)('two easy networks meet when both send, an easy and a symmetric one do not', async () => {
  expect([await loops('port-restricted', 'loop-a'), await loops('address-restricted', 'double'), await loops('port-restricted', 'symmetric')])
    .toEqual([[true, true], [true, true], [false, false]]);
});

test.skipIf(!able)('IPv6 is routed, and filtered where there is a router', async () => {
  const [six, one] = [probe('six'), probe('one')];
  const outside = await one.open(0, { family: 6, mirror: true });
  const inside = await six.open(0, { family: 6 });
  await one.send(outside, `${net.address('six', 6)}:${inside}`, 'uninvited');
  const before = await six.heard(inside);
  await six.send(inside, `${net.address('one', 6)}:${outside}`);
  expect([before, (await six.heard(inside, 1)).map(({ text }) => text)]).toEqual([[], [`${net.address('six', 6)}:${inside}`]]);
});

test.skipIf(!able)('what breaks it breaks it, and it comes back', async () => {
  const [inside, one] = [probe('port-restricted'), probe('one')];
  const mirror = await one.open(0, { mirror: true });
  const own = await inside.open();
  const ask = async (works: 'works' | 'broken'): Promise<string | undefined> => {
    await inside.send(own, `${net.address('one')}:${mirror}`).catch(() => {});
    return (await inside.heard(own, works === 'works' ? 1 : 0))[0]?.text.replace(/:\d+$/, '');
  };
  const story = [await ask('works')];
  const first = net.publicAddress('port-restricted');
  net.rebootNat('port');
  const second = net.publicAddress('port-restricted');
  story.push(await ask('works'));
  for (const what of ['all', 'udp', net.address('one')]) {
    const end = net.block('port-restricted', what);
    story.push(await ask('broken'));
    end();
  }
  story.push(await ask('works'));
  net.setLink('port-restricted', false);
  story.push(await ask('broken'));
  net.setLink('port-restricted', true);
  story.push(await ask('works'));
  net.readdress('port-restricted');
  story.push(await ask('works'));
  expect(story).toEqual([first, second, undefined, undefined, undefined, second, undefined, second, second]);
  expect(first).not.toBe(second);
});

test.skipIf(!able)('it is up within a second for each site, and gone at the end, after a crash too', () => {
  expect(builtMs).toBeLessThan(net.hosts.length * 1000);
  const sites = [{ name: 'home', nat: 'port-restricted', hosts: ['a'] }] as const;
  const left = (): boolean => spawnSync('ip', ['netns', 'list'], { encoding: 'utf8' }).stdout.includes(`${prefix}2-`);
  createInternet({ prefix: `${prefix}2`, sites });
  const again = createInternet({ prefix: `${prefix}2`, sites });
  const during = left();
  again.remove();
  expect([during, left()]).toEqual([true, false]);
});
