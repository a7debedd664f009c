import * as grpc from '@grpc/grpc-js';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { LocalNodeService, type SetPathInputsRequest, WatchPathsResponse } from '../gen/webmesh/local/v1/local.ts';
import { nodeClient } from './mesh-client.ts';

/** The calls about paths over a real private socket, with a node that does as it is told here. */
let folder = '';
let socketPath = '';
let server: grpc.Server;
let told: SetPathInputsRequest[] = [];
let written = 0;
const views = 200;
const never = new AbortController().signal;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'wm-local-'));
  socketPath = join(folder, 'node.sock');
  server = new grpc.Server();
  const implementation: grpc.UntypedServiceImplementation = {
    setPathInputs: (call: grpc.ServerUnaryCall<SetPathInputsRequest, unknown>, answer: (error: null, value: object) => void) => {
      told.push(call.request);
      answer(null, {});
    },
    watchPaths: (call: grpc.ServerWritableStream<unknown, WatchPathsResponse>) => void fill(call),
    openForward: (_call: unknown, answer: (error: null, value: object) => void) => answer(null, {}),
    pingPeer: (call: grpc.ServerWritableStream<unknown, object>) => void call.emit('error', { code: grpc.status.UNAVAILABLE, details: 'gone' }),
  };
  const known = Object.fromEntries(Object.entries(LocalNodeService).filter(([name]) => name in implementation));
  server.addService(known as unknown as grpc.ServiceDefinition, implementation);
  await new Promise<void>((resolve, reject) => server.bindAsync(`unix:${socketPath}`, grpc.ServerCredentials.createInsecure(), (error) => (error ? reject(error) : resolve())));
});
afterAll(() => {
  server.forceShutdown();
  rmSync(folder, { recursive: true, force: true });
});

/** Writes views of 100 kB as long as they are taken. */
async function fill(call: grpc.ServerWritableStream<unknown, WatchPathsResponse>): Promise<void> {
  const big = 'x'.repeat(100_000);
  const left = new Promise((resolve) => call.once('cancelled', resolve));
  for (let at = 0; at < views && !call.cancelled; at++) {
    const room = call.write(WatchPathsResponse.fromPartial({ forwards: [{ id: String(at), problem: big }] }));
    written++;
    if (!room) await Promise.race([new Promise((resolve) => call.once('drain', resolve)), left]);
  }
  call.end();
}

test('inputs arrive as they were', async () => {
  told = [];
  const inputs: SetPathInputsRequest = { online: true, moves: 2n ** 60n, listenPort: 51_820, publicKey: 'k', ownAddresses: ['10.0.0.1/24'], retry: ['b'], peers: [{ id: 'b', publicKey: 'kb', ipv4: '10.7.0.2', ipv6: '', endpoints: ['192.0.2.1:1'], primary: '', grpcPort: 8443, serves: true }] };
  await nodeClient.setPathInputs(socketPath, inputs, never);
  expect(told).toEqual([inputs]);
});

test('a reader that is slow slows the node down; one that leaves ends its stream', async () => {
  written = 0;
  for await (const view of nodeClient.watchPaths(socketPath, never)) {
    expect(view.forwards[0]?.id).toBe('0');
    await pause(300);
    break;
  }
  const whileReading = written;
  await pause(200);
  // Of twenty megabytes a few are on their way, and no more come once nobody reads.
  expect(whileReading).toBeLessThan(100);
  expect(written - whileReading).toBeLessThanOrEqual(1);
});

test('the whole stream is read by one who stays, and an abort is an abort', async () => {
  let seen = 0;
  for await (const _view of nodeClient.watchPaths(socketPath, never)) seen++;
  expect(seen).toBe(views);
  const ending = new AbortController();
  const reading = (async () => {
    for await (const _view of nodeClient.watchPaths(socketPath, ending.signal)) ending.abort();
  })();
  await expect(reading).rejects.toMatchObject({ name: 'AbortError' });
});

test('trouble has the codes of a node process: not there, gone in the middle, an older one, an answer without what was asked', async () => {
  const read = async (path: string): Promise<void> => {
    for await (const _answer of nodeClient.pingPeer(path, { id: 'b', count: 1, mtu: false }, never)) throw new Error('an answer');
  };
  await expect(read(join(folder, 'none.sock'))).rejects.toMatchObject({ code: 'node.lost' });
  await expect(read(socketPath)).rejects.toMatchObject({ code: 'node.lost' });
  await expect(nodeClient.netcheck(socketPath, never)).rejects.toMatchObject({ code: 'mesh.incompatible' });
  await expect(nodeClient.openForward(socketPath, { peer: 'b', protocol: 'tcp', localAddress: '', localPort: 0, remoteAddress: '', remotePort: 1 }, never)).rejects.toMatchObject({ code: 'node.lost' });
});
