import { execFile, spawn, spawnSync } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { networkInterfaces } from 'node:os';
import { promisify } from 'node:util';
import { PeerConnection } from 'node-datachannel';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type TurnServer } from '../../src/node/path-ports.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { createTurnServers } from '../../src/platform/turn-server.ts';

/** The TURN server on loopback, spoken to by others: coturn's own clients, and the ICE of libdatachannel. */
const hasCoturn = spawnSync('turnutils_uclient', ['-h']).error === undefined;
const hasIpv6 = Object.values(networkInterfaces()).some((list) => list?.some(({ address }) => address === '::1'));
const [port, echoPort, secret] = [27_478, 27_490, 'relay test secret'];
const run = promisify(execFile);

let server: TurnServer;
let echo: ReturnType<typeof spawn> | undefined;
beforeAll(async () => {
  server = await createTurnServers(systemClock).start({
    port, hosts: ['127.0.0.1', ...(hasIpv6 ? ['::1'] : [])], realm: 'webmesh', secret, external: { ipv4: '127.0.0.1', ipv6: hasIpv6 ? '::1' : null }, relayPorts: [27_500, 27_600],
    take: () => true, allocationsMax: 32, allocationsPerUserMax: 32, mayUse: (user) => user !== 'banned', mayRelayTo: (_ip, to) => to === 0 || to === echoPort,
  });
  if (hasCoturn) echo = spawn('turnutils_peer', ['-L', '127.0.0.1', ...(hasIpv6 ? ['-L', '::1'] : []), '-p', String(echoPort)], { stdio: 'ignore' });
});
afterAll(async () => {
  echo?.kill('SIGKILL');
  await server.close();
});

/** What coturn's client counted at its end, or the error that it stopped at. */
async function uclient(...args: string[]): Promise<string> {
  const { stdout } = await run('turnutils_uclient', ['-c', '-s', '-p', String(port), '-e', args.includes('-x') ? '::1' : '127.0.0.1', '-r', String(echoPort), ...args, '127.0.0.1'], { timeout: 15_000 }).catch((error: { stdout?: string }) => ({ stdout: error.stdout ?? '' }));
  const { sent, received } = [...stdout.matchAll(/tot_send_msgs=(?<sent>\d+), tot_recv_msgs=(?<received>\d+)/g)].at(-1)?.groups ?? {};
  const lost = /Total lost packets (\d+)/.exec(stdout)?.[1];
  return lost === undefined ? (/error \d+ \(.*\)|Cannot complete Allocation/.exec(stdout)?.[0] ?? stdout) : `${sent} sent, ${received} back, ${lost} lost`;
}

test.skipIf(!hasCoturn)('coturn’s client relays over UDP and TCP, to both families, and is refused with a wrong secret or a banned name (turnutils_uclient)', async () => {
  const rest = ['-W', secret, '-u', 'ann'];
  expect(await Promise.all([
    uclient(...rest, '-m', '4', '-n', '40'), uclient(...rest, '-t', '-m', '2', '-n', '40', '-l', '173'), hasIpv6 ? uclient(...rest, '-x', '-n', '10') : '10 sent, 10 back, 0 lost',
    uclient('-W', 'another secret', '-u', 'ann', '-v'), uclient('-W', secret, '-u', 'banned', '-v'),
  ])).toEqual(['160 sent, 160 back, 0 lost', '80 sent, 80 back, 0 lost', '10 sent, 10 back, 0 lost', 'Cannot complete Allocation', 'error 403 (Forbidden)']);
  expect(server.stats().relayedBytes).toBeGreaterThan(160 * 100 * 2);
}, 40_000);

test.skipIf(!hasCoturn)('coturn’s client sees itself on both ports (turnutils_stunclient)', async () => {
  const seen = await Promise.all([port, port + 1].map(async (at) => (await run('turnutils_stunclient', ['-p', String(at), '127.0.0.1'])).stdout));
  expect(seen.map((text) => /UDP reflexive addr: 127\.0\.0\.1:\d+/.test(text))).toEqual([true, true]);
});

test('two peer connections of libdatachannel meet through relayed candidates alone', async () => {
  const username = `${Math.floor(Date.now() / 1_000) + 600}:ann`;
  const password = createHmac('sha1', secret).update(username).digest('base64');
  const make = (name: string) => new PeerConnection(name, {
    bindAddress: '127.0.0.1', iceTransportPolicy: 'relay', iceServers: [{ hostname: '127.0.0.1', port, username, password, relayType: 'TurnUdp' }],
  });
  const [a, b] = [make('a'), make('b')];
  const before = server.stats().relayedBytes;
  const told: string[] = [];
  try {
    for (const [from, to] of [[a, b], [b, a]] as const) {
      from.onLocalDescription((sdp, type) => to.setRemoteDescription(sdp, type));
      // The answering side's candidates wait a little: a check that comes before the answer is lost for a second.
      from.onLocalCandidate((candidate, mid) => {
        told.push(/ typ (\w+)/.exec(candidate)?.[1] ?? candidate);
        setTimeout(() => to.addRemoteCandidate(candidate, mid), 30);
      });
    }
    const heard = new Promise<string>((resolve) => b.onDataChannel((channel) => channel.onMessage((message) => resolve(String(message)))));
    const channel = a.createDataChannel('x');
    channel.onOpen(() => channel.sendMessage('through two relays'));
    expect(await heard).toBe('through two relays');
    // Each knows but the other's relay. On one machine an answer may take a shorter way back, so which pair is chosen in the end is a matter of time.
    expect([told, server.stats().relayedBytes > before]).toEqual([['relay', 'relay'], true]);
  } finally {
    a.close();
    b.close();
  }
}, 60_000);
