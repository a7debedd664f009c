/** Ports mapped by a real router's daemon, Debian's miniupnpd, in a namespace: by PCP, and by UPnP where that is all the router speaks. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from '../../../scripts/lib/hosts.ts';
import { createInternet, type Internet } from '../../../scripts/lib/nat.ts';
import { memberIn } from './member.ts';
import { probeIn } from './probe.ts';

const able = process.getuid?.() === 0 && ['ip', 'nft'].every((tool) => spawnSync(tool, ['-V']).status === 0);
const daemon = able && spawnSync('miniupnpd', ['--version']).error === undefined;
const folder = mkdtempSync(join(tmpdir(), 'wmsockets-mapper-'));
/** The daemon refuses to map where its outside address is not a real one; so it is told one. */
const outside = '1.2.3.4';
let net: Internet;

beforeAll(() => {
  if (daemon) net = createInternet({ prefix: 'wmmap', sites: [{ name: 'public', nat: 'none', hosts: ['hub'] }, { name: 'home', nat: 'port-restricted', hosts: ['a'] }] });
});
afterAll(() => {
  if (daemon) net.remove();
  rmSync(folder, { recursive: true, force: true });
});

function startDaemon(pcp: boolean): ChildProcess {
  const router = net.router('home');
  const chains = 'chain miniupnpd {}\nchain prerouting_miniupnpd {}\nchain postrouting_miniupnpd {}';
  const hooks = ['forward', 'prerouting', 'postrouting'].map((hook) => (hook === 'forward'
    ? 'chain forward { type filter hook forward priority 0; jump miniupnpd; }'
    : `chain ${hook} { type nat hook ${hook} priority ${hook === 'prerouting' ? -100 : 100}; jump ${hook}_miniupnpd; }`)).join('\n');
  spawnSync('ip', ['netns', 'exec', router, 'nft', '-f', '-'], { input: `table inet filter\ndelete table inet filter\ntable inet filter {\n${chains}\n${hooks}\n}\n` });
  const file = join(folder, 'miniupnpd.conf');
  writeFileSync(file, [
    'ext_ifname=wan', 'listening_ip=lan', `enable_natpmp=${pcp ? 'yes' : 'no'}`, 'enable_upnp=yes', `ext_ip=${outside}`, 'secure_mode=yes', 'uuid=4e8af330-98fa-48f0-aad2-5f4c59633b4f',
    'upnp_table_name=filter', 'upnp_nat_table_name=filter', 'upnp_forward_chain=miniupnpd', 'upnp_nat_chain=prerouting_miniupnpd', 'upnp_nat_postrouting_chain=postrouting_miniupnpd',
    'allow 1024-65535 0.0.0.0/0 1024-65535', 'deny 0-65535 0.0.0.0/0 0-65535',
  ].join('\n'));
  return spawn('ip', ['netns', 'exec', router, 'miniupnpd', '-d', '-f', file, '-P', join(folder, `pid-${pcp}`)], { stdio: 'ignore' });
}

/** Whether the process's namespace has a UDP socket on the port: 5351 is that of PCP (RFC 6887), 1900 that of UPnP's searches. */
function answersOn(pid: number | undefined, port: number): boolean {
  return readFileSync(`/proc/${pid}/net/udp`, 'utf8').includes(`:${port.toString(16).toUpperCase().padStart(4, '0')} `);
}

for (const [by, pcp] of [['pcp', true], ['upnp', false]] as const) {
  test.skipIf(!daemon)(`${daemon ? '' : '[needs miniupnpd] '}maps by ${by}: strangers come in at the mapped port until it is let go`, async () => {
    const upnpd = startDaemon(pcp);
    const member = memberIn(net.namespace('a'));
    const stranger = probeIn(net.namespace('hub'));
    try {
      await until(() => answersOn(upnpd.pid, pcp ? 5351 : 1900), 10_000, 'the router takes requests');
      await member.map(1);
      let told = await member.mapped();
      await until(async () => (told = await member.mapped()).mapped !== null, 15_000, 'the router maps').catch(() => {});
      expect([told.mapped, told.answers[by]]).toEqual([{ by, endpoint: `${outside}:${told.port}` }, 'mapped']);
      const from = await stranger.open();
      const knock = async (patienceMs: number): Promise<number> => {
        await stranger.send(from, `${net.publicAddress('a')}:${told.port}`, 'hello');
        let heard = 0;
        await until(async () => (heard += (await member.heard()).length) > 0, patienceMs, 'the tunnel hears').catch(() => {});
        return heard;
      };
      const before = await knock(5_000);
      await member.unmap();
      await stranger.open();
      net.rebootNat('home', { keepAddress: true }); // What was open stays open for who used it.
      expect([before, await knock(60), (await member.mapped()).mapped]).toEqual([1, 0, null]);
    } finally {
      upnpd.kill('SIGKILL');
      member.end();
      stranger.end();
    }
  });
}
