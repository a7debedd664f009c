import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { asFailure, type FailureData } from '../base/failure.ts';
import { type Level } from '../base/log.ts';
import { NodeReport } from '../gen/webmesh/helper/v1/helper.ts';
import { buildInfo } from '../platform/build-info.ts';
import { systemClock } from '../platform/clock.ts';
import { setAside } from '../platform/files.ts';
import { dnsSockets } from '../platform/dns-sockets.ts';
import { createEchoPort } from '../platform/echo.ts';
import { forwardSockets } from '../platform/forward-sockets.ts';
import { createGrpcCaller } from '../platform/grpc-call.ts';
import { createGrpcServer } from '../platform/grpc-server.ts';
import { readHost } from '../platform/host-metrics.ts';
import { createIceAgents } from '../platform/ice.ts';
import { keepMemoryLean } from '../platform/lean-memory.ts';
import { createLog, stderrSink } from '../platform/log-file.ts';
import { loopbackPorts } from '../platform/loopback-port.ts';
import { giveMemoryBack } from '../platform/memory-linux.ts';
import { metricsHttps } from '../platform/metrics-http.ts';
import { createPeerConnections } from '../platform/peer-connections.ts';
import { pki } from '../platform/pki.ts';
import { createPortMapper } from '../platform/port-mapper.ts';
import { openProcessMeter } from '../platform/process-metrics.ts';
import { systemRandom } from '../platform/random.ts';
import { createSockets } from '../platform/sockets.ts';
import { openDatabase } from '../platform/sqlite.ts';
import { createStunProbe } from '../platform/stun-client.ts';
import { createTurnClients } from '../platform/turn-client.ts';
import { createTurnServers } from '../platform/turn-server.ts';
import { needsRestart, type NodeConfig, parseControl } from './config.ts';
import { checkIdentity, sameIdentity } from './identity.ts';
import { type NodeHealth, type NodePorts, type RunningNode, startNode } from './node.ts';
import { type PartPorts } from './node-parts.ts';
import { type DataFile } from './replica.ts';

/**
 * The node process. Takes NodeControl as JSON lines on its standard input, the newest wins; answers NodeReport as JSON lines on its
 * standard output; logs JSON lines on its standard error. It ends when its input ends or on SIGTERM (code 0), and when it is broken
 * (code 1, after one report that says why).
 */
const closeGraceMs = 1_000;
const closeMsMax = 1_900;
const snapshotBytesMax = 512 << 20;

const level = (['debug', 'info', 'warn', 'error'] as const).find((name: Level) => name === process.env['WEBMESH_LOG_LEVEL']) ?? 'info';
const log = createLog({ sink: stderrSink(), clock: systemClock, level, scope: 'node' });

const partPorts: PartPorts = {
  turnServers: createTurnServers(systemClock), turnClients: createTurnClients(systemClock), ice: createIceAgents(systemClock), loopback: loopbackPorts, stun: createStunProbe(systemClock),
  openEcho: () => createEchoPort({ clock: systemClock, random: systemRandom }), openMapper: (mapperLog) => createPortMapper({ clock: systemClock, log: mapperLog }),
  dnsSockets, metricsHttps, openProcessMeter, peerConnections: createPeerConnections(), forwardSockets,
};

let newest: NodeConfig | undefined;
let running: { readonly node: RunningNode; readonly config: NodeConfig } | undefined;
let working = false;
let ending = false;

keepMemoryLean(systemClock, { calm: false, giveBack: giveMemoryBack });
process.on('uncaughtException', broken);
process.on('unhandledRejection', broken);
process.on('SIGTERM', () => void end('terminated'));
process.on('SIGINT', () => void end('interrupted'));
// The helper that read our reports is gone; so will be our input.
process.stdout.on('error', () => {});

const input = createInterface({ input: process.stdin });
input.on('line', hear);
input.on('close', () => void end('input ended'));

function hear(line: string): void {
  try {
    newest = parseControl(line);
  } catch (error) {
    return tell({ ready: false, problem: asFailure(error) });
  }
  void follow();
}

/** Makes the node what was asked last. One at a time; what was asked in between is skipped. */
async function follow(): Promise<void> {
  if (working) return;
  working = true;
  try {
    while (newest && !ending) {
      const wanted = newest;
      newest = undefined;
      if (!(await canBe(wanted))) continue;
      if (running && needsRestart(running.config, wanted)) await stop();
      if (running) await running.node.update(wanted);
      running = { config: wanted, node: running?.node ?? (await startNode(wanted, portsFor(wanted), tell)) };
    }
  } catch (error) {
    broken(error);
  } finally {
    working = false;
  }
}

/** False, and told, when the identity cannot work: a node that runs goes on as it is. The one that it runs with was looked at. */
async function canBe({ nodeId, identity }: NodeConfig): Promise<boolean> {
  if (running && running.config.nodeId === nodeId && sameIdentity(running.config.identity, identity)) return true;
  try {
    await checkIdentity(nodeId, identity, pki);
    return true;
  } catch (error) {
    tell({ ready: false, problem: asFailure(error) });
    return false;
  }
}

function portsFor({ dataDir }: NodeConfig): NodePorts {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const path = (file: DataFile): string => join(dataDir, file);
  return {
    clock: systemClock, random: systemRandom, log, pki, build: buildInfo,
    hostSample: readHost,
    defer: (run) => void setImmediate(run),
    openDatabase: (file) => openDatabase({ path: path(file), durability: file === 'raft.db' ? 'full' : 'normal', valueBytesMax: snapshotBytesMax }),
    setAside: async (file, word) => {
      for (const beside of ['-wal', '-shm']) if (existsSync(path(file) + beside)) await setAside(path(file) + beside, word);
      return setAside(path(file), word);
    },
    onBroken: broken,
    createNetwork: (identity) => {
      const remote = createGrpcCaller(identity);
      return { sockets: createSockets(identity), remote, close: remote.close };
    },
    createServer: createGrpcServer,
    world: partPorts,
  };
}

async function stop(): Promise<void> {
  const stopping = running;
  running = undefined;
  await stopping?.node.close(closeGraceMs);
}

/** A graceful end. The guard is for a call or a disk that hangs. */
async function end(why: string): Promise<void> {
  if (ending) return;
  ending = true;
  log.info('ending', { why });
  setTimeout(() => process.exit(0), closeMsMax).unref();
  await stop();
  process.exit(0);
}

/** Nothing is tried again after this: what the disk holds, or what we believe, is no longer known. Whoever started us starts anew. */
function broken(error: unknown): void {
  const problem = asFailure(error);
  log.error('broken', { error });
  tell({ ready: false, problem });
  ending = true;
  // The report goes through a pipe: let it leave, but no more.
  process.stdout.write('', () => process.exit(1));
  setTimeout(() => process.exit(1), 100);
}

function tell({ ready, problem }: NodeHealth): void {
  const report = NodeReport.fromPartial({ ready, ...(problem ? { problem: sentence(problem), problemCode: problem.code } : {}) });
  process.stdout.write(`${JSON.stringify(NodeReport.toJSON(report))}\n`);
}

/** The code is put into words by whoever shows it; this is for logs and for codes nobody knows. */
function sentence({ code, detail }: FailureData): string {
  const facts = Object.entries(detail).map(([name, value]) => `${name} ${String(value)}`);
  return facts.length === 0 ? code : `${code}: ${facts.join(', ')}`;
}
