/**
 * What one scrape costs, from the request to the last byte, for meshes of several sizes, and what counting costs a call. Prints the best and
 * the median of each. `node test/bench/metrics.ts`
 */
import { performance } from 'node:perf_hooks';
import { cell } from '../../src/base/cell.ts';
import { silentLog } from '../../src/base/log.ts';
import { PeerState, TunnelPhase, TunnelState } from '../../src/gen/webmesh/helper/v1/helper.ts';
import { parseControl } from '../../src/node/config.ts';
import { createCallFigures } from '../../src/node/metrics/call-counts.ts';
import { createPrometheusPart } from '../../src/node/metrics/prometheus-part.ts';
import { type NodeRow } from '../../src/node/state/reads.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { readHost } from '../../src/platform/host-metrics.ts';
import { metricsHttps } from '../../src/platform/metrics-http.ts';
import { openProcessMeter } from '../../src/platform/process-metrics.ts';

const rounds = 30;
const address = '127.0.0.1';
const port = 18_087;

const row = (i: number): NodeRow => ({ id: `node-${i}`, publicKey: `key-${i}`, leaseIpv4: i === 0 ? `${address}/8` : null, networkIpv6: null, raftPort: 1, grpcPort: 1, wireguardPort: 1, primaryEndpoint: null, endpoints: [], createdAt: {} as NodeRow['createdAt'], updatedAt: {} as NodeRow['updatedAt'] });

async function measure(peers: number): Promise<void> {
  const rows = Array.from({ length: peers }, (_, i) => row(i));
  const tunnel = TunnelState.fromPartial({ phase: TunnelPhase.TUNNEL_PHASE_UP, peers: rows.map(({ publicKey }) => PeerState.fromPartial({ publicKey: publicKey ?? '', receiveBytes: 5n, lastHandshakeMs: 1n })) });
  const config = parseControl(JSON.stringify({ dataDir: '/d', socketPath: '/s', tunnel: TunnelState.toJSON(tunnel), spec: { tunnelId: 't', nodeId: 'node-0', insecure: true, meshIpv4: address, services: { prometheus: true }, paths: { prometheusPort: port } } }));
  const calls = createCallFigures();
  for (let i = 0; i < 40; i++) calls.open({ path: `/v1.Node/Method${i}`, requestStream: false, responseStream: false }).handled(0, 0.01);
  const part = createPrometheusPart({
    config, build: { version: '1', commit: 'x' }, https: metricsHttps, calls, clock: systemClock, log: silentLog, hostSample: readHost, openProcessMeter, tickMs: 100, appliedIndex: cell(1),
    view: cell({ id: 'node-0', role: 'follower', term: 1, leader: null, lastIndex: 1, commitIndex: 1, configuration: { servers: [] }, configurationCommitted: true, leaderContactTicks: null, quorumActive: false, progress: new Map() }),
    reads: { nodes: () => rows, trust: { device: () => undefined }, revision: cell(1) },
    paths: () => ({ peers: rows.map(({ id }) => ({ peer: id, tier: 'direct', via: '', switches: 1, latencyMs: 1, carrier: null })) }),
  });
  while (part.features.get().length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  const times: number[] = [];
  let bytes = 0;
  for (let round = 0; round < rounds; round++) {
    const startMs = performance.now();
    bytes = (await (await fetch(`http://${address}:${port}/metrics`)).text()).length;
    times.push(performance.now() - startMs);
  }
  const [first, ...rest] = times;
  const sorted = rest.sort((a, b) => a - b);
  console.log(`${String(peers).padStart(5)} peers: first ${first?.toFixed(1)} ms, then ${sorted[0]?.toFixed(1)} ms at best, ${sorted[sorted.length >> 1]?.toFixed(1)} ms in the middle, ${bytes} bytes`);
  await part.close();
}

function counting(): void {
  const { open } = createCallFigures();
  const method = { path: '/v1.Node/GetStatus', requestStream: false, responseStream: false };
  const count = 1_000_000;
  const startMs = performance.now();
  for (let i = 0; i < count; i++) {
    const call = open(method);
    call.received();
    call.sent();
    call.handled(0, 0.02);
  }
  console.log(`counting: ${(((performance.now() - startMs) * 1e6) / count).toFixed(0)} ns a call with two messages`);
}

for (const peers of [1, 100, 1_000, 2_000]) await measure(peers);
counting();
