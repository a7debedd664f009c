/** ICE and TURN through real NATs, and what netcheck says of each: real sockets in namespaces, a made-up tunnel at both ends. */
import { spawnSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createInternet, type Internet } from '../../../scripts/lib/nat.ts';
import { Mapping } from '../../../src/gen/webmesh/paths/v1/paths_messages.ts';
import { meet, type Member, memberIn, type Server } from './member.ts';

const able = process.getuid?.() === 0 && ['ip', 'nft'].every((tool) => spawnSync(tool, ['-V']).status === 0);
const prefix = 'wmcarry';
const mappingNames = ['unknown', 'open', 'easy', 'hard', 'blocked'];
let net: Internet;
let relay: Server;
const members = new Map<string, Member>();

/** A member that knows the relay and its own addresses. */
async function member(host: string, mapping: Mapping = Mapping.MAPPING_UNSPECIFIED): Promise<Member> {
  const known = members.get(host) ?? memberIn(net.namespace(host));
  members.set(host, known);
  const six = host.startsWith('six');
  await known.know([relay], [net.address(host, six ? 6 : 4)], { mapping, ...(six ? { publicIpv6: net.address(host, 6) } : { publicIpv4: net.publicAddress(host) }) });
  return known;
}

beforeAll(async () => {
  if (!able) return;
  net = createInternet({
    prefix,
    sites: [
      { name: 'public', nat: 'none', hosts: ['relay', 'open'], ipv6: true },
      { name: 'easy', nat: 'port-restricted', hosts: ['easy', 'neighbour'] },
      { name: 'easy2', nat: 'port-restricted', hosts: ['easy2'] },
      { name: 'cone', nat: 'full-cone', hosts: ['cone'] },
      { name: 'sym', nat: 'symmetric', hosts: ['sym'] },
      { name: 'sym2', nat: 'symmetric', hosts: ['sym2'] },
      { name: 'carrier', nat: 'port-restricted', hosts: [] },
      { name: 'home', nat: 'port-restricted', carrier: 'carrier', hosts: ['double'] },
      { name: 'blocked', nat: 'udp-blocked', hosts: ['blocked', 'blocked2'] },
      { name: 'six', nat: 'port-restricted', hosts: ['six'], ipv4: false, ipv6: true },
      { name: 'six2', nat: 'port-restricted', hosts: ['six2'], ipv4: false, ipv6: true },
    ],
  });
  const host = memberIn(net.namespace('relay'));
  members.set('relay', host);
  relay = await host.serve([net.address('relay'), net.address('relay', 6)], 'relay');
});
afterAll(() => {
  for (const each of members.values()) each.end();
  if (able) net.remove();
});

/** Both tunnels send until both heard; how long it took, or null after two seconds. */
async function talk(a: Member, b: Member): Promise<number | null> {
  const startedMs = performance.now();
  const got = [false, false];
  while (performance.now() - startedMs < 2_000) {
    await Promise.all([a.send('hello'), b.send('hello')]);
    await sleep(5);
    const heard = await Promise.all([a.heard(), b.heard()]);
    heard.forEach((list, i) => (got[i] ||= list.some(({ text }) => text === 'hello')));
    if (got[0] && got[1]) return performance.now() - startedMs;
  }
  return null;
}

async function iceOpens(from: string, to: string): Promise<string> {
  const [a, b] = [await member(from), await member(to)];
  try {
    const [mine] = await meet('ice', a, b);
    return (await talk(a, b)) === null ? 'silent' : mine.via;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    await Promise.all([a.close(), b.close()]);
  }
}

test.skipIf(!able)('ICE opens what can be opened', async () => {
  const pairs = [['easy', 'open'], ['double', 'easy'], ['easy', 'neighbour'], ['cone', 'sym'], ['six', 'six2'], ['sym', 'sym2']] as const;
  const found: Record<string, string> = {};
  for (const [from, to] of pairs) found[`${from}-${to}`] = await iceOpens(from, to);
  expect(found).toEqual({
    'easy-open': 'srflx-host', 'double-easy': 'srflx-srflx', 'easy-neighbour': 'host-host', 'cone-sym': expect.stringMatching(/^srflx-(srflx|prflx)$/),
    'six-six2': 'host-host', 'sym-sym2': 'no-answer',
  });
});

test.skipIf(!able)('ICE opens two easy NATs five times of five', async () => {
  const found: string[] = [];
  for (let round = 0; round < 5; round++) {
    found.push(await iceOpens('easy', 'easy2'));
  }
  expect(found).toEqual(Array.from({ length: 5 }, () => 'srflx-srflx'));
});

async function relayed(from: Member, to: Member): Promise<string> {
  try {
    const sides = await meet('turn', from, to);
    const who = sides.map(({ endpoint }) => (endpoint.startsWith('127.') ? 'carries' : 'sends'));
    return (await talk(from, to)) === null ? `silent (${who.join(', ')})` : who.join(', ');
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    await Promise.all([from.close(), to.close()]);
  }
}

test.skipIf(!able)('TURN: one side allocates, and it is the right one', async () => {
  const blocked = Mapping.MAPPING_BLOCKED;
  const found = {
    'symmetric to symmetric': await relayed(await member('sym'), await member('sym2')),
    'blocked to easy': await relayed(await member('blocked', blocked), await member('easy')),
    'easy to blocked': await relayed(await member('easy'), await member('blocked', blocked)),
    'blocked, and does not know it, to easy': await relayed(await member('blocked'), await member('easy')),
    'blocked to blocked': await relayed(await member('blocked', blocked), await member('blocked2', blocked)),
  };
  expect(found).toEqual({
    'symmetric to symmetric': 'carries, sends', 'blocked to easy': 'carries, sends', 'easy to blocked': 'sends, carries', 'blocked, and does not know it, to easy': 'carries, sends',
    'blocked to blocked': 'carries, carries',
  });
});

test.skipIf(!able)('netcheck tells each network by what it lets through, in less than four seconds', async () => {
  const told: Record<string, string> = {};
  const tooSlow: string[] = [];
  const hosts = ['open', 'easy', 'cone', 'sym', 'double', 'blocked', 'six'];
  await Promise.all(hosts.map(async (host) => {
    const { nat, ipv4, ipv6, udp, hairpin, servers, findings, tookMs } = await (await member(host)).netcheck();
    const works = servers.filter(({ latencyMs }) => latencyMs >= 0).map(({ kind }) => kind);
    told[host] = `${mappingNames[nat?.mapping ?? 0]} ${ipv4 ? '4' : ''}${ipv6 ? '6' : ''} ${udp ? 'udp' : 'no udp'}${hairpin ? ' hairpin' : ''}: ${works.join(' ')} (${findings.map(({ code }) => code).join(' ')})`;
    if (tookMs > 4_000) tooSlow.push(host);
  }));
  expect(tooSlow).toEqual([]);
  expect(told).toEqual({
    open: 'open 46 udp hairpin: stun turn-udp turn-tcp (best)',
    easy: 'easy 4 udp: stun turn-udp turn-tcp (no-hairpin not-observed)',
    cone: 'easy 4 udp: stun turn-udp turn-tcp (no-hairpin not-observed)',
    sym: 'hard 4 udp: stun turn-udp turn-tcp (hard-nat-here no-hairpin not-observed)',
    double: 'easy 4 udp: stun turn-udp turn-tcp (no-hairpin not-observed)',
    blocked: 'blocked 4 no udp: turn-tcp (udp-blocked-here)',
    six: 'open 6 udp: stun turn-udp turn-tcp (best)',
  });
});
