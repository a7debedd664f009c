import { createHash } from 'node:crypto';
import { type ChildProcess, fork } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { parseArgs } from 'node:util';
import { createPeerConnections } from '../../src/platform/peer-connections.ts';
import { channelNode, type Directory } from '../node/channel-nodes.ts';

/**
 * What a forward carries, and what it costs: `node test/bench/forward.ts [--mib 1024]`. Two nodes in two processes; bytes go out, then come
 * back, and are compared by SHA-256. Fails when a byte differs, or when a process grew by more than 160 MiB.
 */
const mib = 1 << 20;
const chunk = Buffer.from(Array.from({ length: mib }, (_, i) => (i * 2_654_435_761) >>> 24));
const growthMibMax = 160;
const directory: Directory = new Map();

const rssMib = (pid: number): number => Math.round(Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1_024);

/** The far node with a program behind it: `out` takes bytes and answers their hash at the end, `back` sends as many as it is told and the hash. */
async function far(): Promise<void> {
  const node = await channelNode('far', directory, createPeerConnections());
  const serve = (take: (socket: Socket) => void): Promise<number> => new Promise((resolve) => {
    const server = createServer({ allowHalfOpen: true }, (socket) => take(socket.on('error', () => {})));
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      node.share('tcp', port);
      resolve(port);
    });
  });
  const out = await serve(async (socket) => socket.end(await hashOf(socket)));
  const back = await serve((socket) => socket.once('data', (word) => void send(socket, Number(String(word)))));
  process.send?.({ port: node.port, out, back });
}

async function hashOf(socket: Socket): Promise<string> {
  const hash = createHash('sha256');
  for await (const part of socket) hash.update(part as Buffer);
  return hash.digest('hex');
}

async function send(socket: Socket, count: number): Promise<string> {
  const hash = createHash('sha256');
  for (let i = 0; i < count; i++) {
    hash.update(chunk);
    if (!socket.write(chunk)) await new Promise((resolve) => socket.once('drain', resolve));
  }
  socket.end();
  return hash.digest('hex');
}

async function measured(name: string, count: number, pids: readonly number[], run: () => Promise<boolean>): Promise<void> {
  const before = pids.map(rssMib);
  const startedMs = performance.now();
  const same = await run();
  const seconds = (performance.now() - startedMs) / 1_000;
  const after = pids.map(rssMib);
  const [near = 0, other = 0] = after.map((each, i) => each - (before[i] ?? 0));
  console.log(`${name.padEnd(9)} ${count} MiB in ${seconds.toFixed(1)} s: ${((count * mib * 8) / seconds / 1e6).toFixed(0)} Mbit/s · RSS near ${before[0]} → ${after[0]}, far ${before[1]} → ${after[1]} MiB · ${same ? 'every byte' : 'DIFFERS'}`);
  if (!same || near > growthMibMax || other > growthMibMax) throw new Error(same ? 'a process grew' : 'bytes were lost or changed');
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { mib: { type: 'string', default: '1024' } } });
  const count = Number(values.mib);
  const child: ChildProcess = fork(import.meta.filename, ['--far'], { execArgv: process.execArgv });
  const told = await new Promise<{ port: number; out: number; back: number }>((resolve) => child.once('message', (message) => resolve(message as never)));
  directory.set('far', { port: told.port, direct: true });
  const node = await channelNode('near', directory, createPeerConnections());
  const open = async (remotePort: number): Promise<Socket> => {
    const view = await node.channels.forwards.open({ peer: 'far', protocol: 'tcp', localAddress: '', localPort: 0, remoteAddress: '', remotePort }, new AbortController().signal);
    if (view.problem !== '') throw new Error(view.problem);
    return connect({ port: view.localPort, host: '127.0.0.1', allowHalfOpen: true });
  };
  const pids = [process.pid, child.pid ?? 0];
  const wanted = createHash('sha256');
  for (let i = 0; i < count; i++) wanted.update(chunk);
  const hash = wanted.digest('hex');
  try {
    // Once in small, so that what every process grows to is there before.
    for (const [name, size] of [['warm-up', Math.min(32, count)], ['there', count]] as const) {
      const socket = await open(told.out);
      await measured(name, size, pids, async () => {
        const answer = new Promise<string>((resolve) => {
          let text = '';
          socket.on('data', (part: Buffer) => void (text += part.toString())).once('end', () => resolve(text));
        });
        return (await send(socket, size)) === (await answer);
      });
    }
    const socket = await open(told.back);
    await measured('and back', count, pids, async () => {
      socket.write(`${count}`);
      return (await hashOf(socket)) === hash;
    });
  } finally {
    child.kill();
  }
}

if (process.argv.includes('--far')) await far();
else {
  await main().then(() => process.exit(0), (error: unknown) => {
    console.error(error);
    process.exit(1);
  });
}
