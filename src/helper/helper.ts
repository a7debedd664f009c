/** The privileged helper: the only code of the product that runs as root. It parses no network traffic. */
import { spawn } from 'node:child_process';
import { constants, rmSync } from 'node:fs';
import type { Socket } from 'node:net';
import { dirname, extname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { asFailure, type Failure } from '../base/failure.ts';
import { sentence, type Words } from '../contract/words.ts';
import { WatchResponse } from '../gen/webmesh/helper/v1/helper.ts';
import { systemClock } from '../platform/clock.ts';
import { guardMemory } from '../platform/confine-linux.ts';
import { commandRunner } from '../platform/command-runner.ts';
import { type GrpcServer, createGrpcServer } from '../platform/grpc-server.ts';
import { fenceFile, journalFile, journalFiles } from '../platform/helper-files.ts';
import { giveSocket, lockFolder, ownedFolder } from '../platform/helper-folders.ts';
import { openLocalDoor } from '../platform/local-door.ts';
import { type LogSink, createLog, fileSink, stderrSink } from '../platform/log-file.ts';
import { keepMemoryLean } from '../platform/lean-memory.ts';
import { machineFacts } from '../platform/machine-facts.ts';
import { giveMemoryBack, keepMallocSmall } from '../platform/memory-linux.ts';
import { openGuardedNow } from '../platform/guarded-files.ts';
import { nameMachine } from '../platform/name-machine.ts';
import { nodeProcesses } from '../platform/node-processes.ts';
import { ownFolder, ownProgram } from '../platform/own-program.ts';
import { tunnelKeys } from '../platform/tunnel-keys.ts';
import { uapiSocket } from '../platform/uapi-socket.ts';
import { keepOpenToMembers } from '../platform/socket-acl.ts';
import { findGroup, findUser, membersOf } from '../platform/users.ts';
import { windowsIp } from '../platform/windows-ip.ts';
import { speakAsService } from '../platform/windows-service.ts';
import { wireguardGo } from '../platform/wireguard-go.ts';
import { createNameJournal } from './dns/journal.ts';
import { createNames } from './dns/names.ts';
import { nameSystemFor } from './dns/systems.ts';
import { closeFirewall, openFirewall } from './firewall.ts';
import { createHostNode } from './host-node.ts';
import { type Lane, createLanes } from './lanes.ts';
import { type HelperOptions, parseOptions, usage } from './options.ts';
import { type Peer, callerOf } from './rpc/callers.ts';
import { createHolder } from './rpc/holder.ts';
import { socketAccess } from './rpc/listen.ts';
import { helperService } from './rpc/service.ts';
import { createClaims } from './tunnel/claims.ts';
import { createDevice } from './tunnel/device.ts';
import { openFences } from './tunnel/fence.ts';
import { createJournal } from './tunnel/journal.ts';
import { recoverAll } from './tunnel/recover.ts';
import { systemFor } from './tunnel/systems.ts';
import { createTunnel } from './tunnel/tunnel.ts';

const version = '0.1.0';
/** Its members may use the helper. */
const groupName = 'webmesh';
/** Runs the node process where the product is installed; it is in no group of people. */
const nodeUserName = 'webmesh-node';
const serviceName = 'WebmeshHelper';
const graceMs = 300;
/** Between the end of all and the end of the process, so that whoever asked for it is answered. */
const answerMs = 50;
const keptLinesMax = 300;
const messageBytesMax = 8 << 20;
/** A core makes one call after the other beside its watch; each slow reader of a watch may hold the largest message. */
const callsPerConnectionMax = 16;

async function main(options: HelperOptions): Promise<void> {
  keepMallocSmall();
  process.umask(0o077);
  let stop = (): void => process.exit(0);
  const service = options.service ? await speakAsService(serviceName, () => stop()) : undefined;
  const run = ownedFolder(options.run);
  const state = ownedFolder(options.state);
  const locks = [...new Set([state, run])].map(lockFolder);
  const { log, lines } = openLog(options.logToFile ? fileSink(join(state, 'helper.log'), { openFile: openLogFile }) : stderrSink());
  const clock = systemClock;
  const memory = process.platform === 'linux' ? guardMemory() : { layers: [], missing: ['not-dumpable: not on this system'] };
  if (memory.missing.length > 0) log.warn('memory-less-guarded', { missing: memory.missing });
  const group = findGroup(groupName);
  const system = systemFor(process.platform);

  const keys = tunnelKeys(join(state, 'keys'));
  const engines = wireguardGo({
    folders: [...(options.cache === undefined ? [] : [resolve(options.cache)]), ownFolder(ownPath())],
    trustedUids: options.owner === undefined ? [] : [options.owner],
    onOutput: (line) => log.warn('engine-says', { line }),
  });
  const device = createDevice(
    { system, commands: commandRunner(run), uapi: uapiSocket, ip: windowsIp, engines, facts: machineFacts, keys, onEngineEnd: (name, sentence) => lanes.engineEnded(name, sentence) },
    options.engine,
  );
  const journals = journalFiles(state);
  const user = nodeUser(options.owner);
  const processes = nodeProcesses({ script: nodeScript(), runFolder: run, stateFolder: state, user, confine: confineScripts() });

  const names = createNames({
    system: nameSystemFor(process.platform), machine: nameMachine(commandRunner(run)), journal: createNameJournal(journalFile(join(state, 'names-journal'))), clock, log: log.scope('names'),
  });

  // Names before links: the resolver takes a link by its name.
  const namesClean = await names.recover();
  const clean = (await recoverAll(await journals.left(), { device, keys, facts: machineFacts, deviceName: system.deviceName, log })) && namesClean;
  await processes.stopStray();
  if (options.undo) {
    for (const release of locks) release();
    if (options.forget && process.platform === 'win32') await closeFirewall(commandRunner(run));
    if (clean && options.forget) for (const folder of new Set([run, state])) rmSync(folder, { recursive: true, force: true });
    process.exitCode = clean ? 0 : 1;
    return;
  }

  const claims = createClaims();
  const lanes = createLanes((place) => {
    const fence = fences.of(place);
    const scope = (part: string) => log.scope(`${part}.${place.tunnelId}`);
    const tunnel = createTunnel({ place, device, facts: machineFacts, keys, journal: createJournal(journals.of(place.tunnelId)), names, fence, claims, clock, log: scope('tunnel') });
    return { place, tunnel, node: createHostNode({ place, processes, tunnel: tunnel.state, fence, clock, log: scope('node') }) };
  });
  const fences = await openFences(fenceFile(join(run, 'fence.json')), (place) => lanes.has(place));

  const socket = join(run, 'helper.sock');
  const nameOf = (uid: number): string => findUser(uid)?.name ?? `user ${uid}`;
  const holder = createHolder({ inUse: lanes.inUse, endOthers: (uid) => lanes.end(({ place }) => place.uid !== uid), nameOf });
  const parts = { version, clock, lanes, fences, keys, device, deviceName: system.deviceName, holder, diagnostics, shutdown };
  /** One for each user who calls: what a call may do follows from whose connection it came on. */
  const servers = new Map<string, GrpcServer>();

  function enter(socket: Socket, peer: Peer | undefined): void {
    const caller = callerOf(peer, { owner: options.owner, group, members: () => membersOf(groupName), nodeUid: user?.uid, nodePids: () => lanes.all().map(({ node }) => node.state.get().pid) });
    if (caller === undefined) {
      socket.destroy();
      return log.warn('caller-refused', { known: peer !== undefined });
    }
    const key = `${caller.uid} ${caller.privileged}`;
    const server = servers.get(key) ?? createGrpcServer({ services: [helperService(parts, caller)], log, messageBytesMax, callsPerConnectionMax });
    servers.set(key, server);
    server.accept(socket);
  }

  async function diagnostics(of: readonly Lane[] | null): Promise<string> {
    const now = of && WatchResponse.toJSON({ networks: lanes.statesOf(of) });
    const confined = { helper: memory, node: lanes.confinement('') };
    const nodeLogs = of?.map(({ place, node }) => ({ tunnelId: place.tunnelId, lines: node.logLines() })) ?? [];
    // What the log tells is of those who have networks: their suffixes, their engines' words.
    return JSON.stringify({ version, system: process.platform, node: process.version, engine: await device.choose(), confined, now, log: of === null ? [] : lines(), nodeLogs });
  }
  /** Only for an installed product: what is tried out in a folder opens nothing. */
  async function welcomeOthers(): Promise<void> {
    const engine = await engines.find();
    const engineRule = 'path' in engine ? [{ name: 'Webmesh-engine', program: engine.path, protocols: ['udp'] } as const] : [];
    await openFirewall([...engineRule, { name: 'Webmesh-node', program: process.execPath, protocols: ['tcp', 'udp'] }], commandRunner(run), log.scope('firewall'));
  }
  async function shutdown(): Promise<void> {
    await lanes.close();
    clock.after(answerMs, () => void leave(0));
  }
  let leaving = false;
  async function leave(code: number): Promise<void> {
    if (leaving) return;
    leaving = true;
    await lanes.close();
    door.close();
    await Promise.all([...servers.values()].map((server) => server.close(graceMs)));
    rmSync(socket, { force: true });
    for (const release of locks) release();
    log.info('ended');
    await service?.stopped(code);
    process.exit(code);
  }

  const door = await openLocalDoor(socket, 0o600, enter);
  const access = socketAccess({ owner: options.owner, group });
  giveSocket(socket, access);
  if (access.mode === 0o660) keepOpenToMembers(socket, groupName, clock);
  stop = () => void leave(0);
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => void leave(0));
  process.on('uncaughtException', (error) => {
    log.error('broken', { error, stack: error.stack });
    void leave(1);
  });
  if (options.untilStdinEnds) process.stdin.resume().once('close', () => void leave(0)).once('error', () => void leave(0));
  keepMemoryLean(clock, { calm: true, giveBack: giveMemoryBack });
  service?.running();
  log.info('serving', { socket });
  if (service !== undefined) await welcomeOthers();
}

/** JSON lines, of which the newest are kept for diagnostics. */
function openLog(sink: LogSink) {
  const kept: string[] = [];
  // Whoever read our log may be gone; that is no reason to end.
  process.stderr.on('error', () => {});
  const write = (line: string): void => {
    kept.push(line.trim());
    if (kept.length > keptLinesMax) kept.shift();
    sink.write(line);
  };
  return { log: createLog({ sink: { write, close: sink.close }, clock: systemClock, level: 'info', scope: 'helper' }), lines: () => kept };
}

function ownPath(): string {
  return fileURLToPath(import.meta.url);
}

/** The node process lies beside the helper, as a bundle or as source like the helper itself. */
function nodeScript(): string {
  return join(dirname(ownPath()), '../node', `child${extname(ownPath())}`);
}

/** What gives the node process's rights up, beside the helper like it; on systems that have such a thing. */
function confineScripts() {
  const [launcher = '', preload = ''] = ['confine', 'confined'].map((name) => join(dirname(ownPath()), `${name}${extname(ownPath())}`));
  // On Windows there is nothing that a launcher could become: the process gives its rights up by itself.
  if (process.platform === 'win32') return { preload };
  return process.platform === 'linux' ? { launcher, preload } : undefined;
}

function openLogFile(path: string): number {
  return openGuardedNow(path, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT);
}

/** Who runs the node process: the starting user in development, the product's own user where it was installed, else nobody. */
function nodeUser(owner: number | undefined) {
  if (process.platform === 'win32') return undefined;
  return (owner !== undefined && owner !== 0 ? findUser(owner) : undefined) ?? findUser(nodeUserName) ?? findUser('nobody');
}

try {
  const options = parseOptions(process.argv.slice(2));
  if (process.geteuid !== undefined && process.geteuid() !== 0) {
    console.error(`webmesh helper: it makes a network device, so it must run as root; next: sudo ${usage}`);
    process.exit(4);
  }
  if (options.detach) {
    spawn(process.execPath, [...ownProgram(ownPath()), ...process.argv.slice(2).filter((word) => word !== '--detach'), '--log-to-file'], { detached: true, stdio: 'ignore', cwd: '/' }).unref();
  } else await main(options);
} catch (error) {
  const failure = asFailure(error);
  const { what, next } = words(failure);
  console.error(`webmesh helper: ${what}\n${next}`);
  process.exit(failure.code === 'input.invalid' ? 2 : failure.code === 'app.already-running' ? 3 : 1);
}

/** A helper has no window and no settings, so two codes read differently here. */
function words(failure: Failure): Words {
  const { code, detail } = failure;
  if (code === 'input.invalid') return { what: `${String(detail['argument'] ?? 'The command line')} cannot be used as it is.`, next: `Usage: ${usage}` };
  if (code === 'app.already-running') return { what: `Another helper is already running with the folder ${String(detail['path'])}.`, next: 'Use that one, or end it first.' };
  return sentence(failure);
}
