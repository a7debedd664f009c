/**
 * Run in Wine with the folder of a stand-in for the engine (engine-double): our side of the engine's pipe, and of the machine's routes. Prints one
 * line of JSON for each thing that was tried: what, and what came of it.
 */
import { spawn } from 'node:child_process';
import { networkInterfaces } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { asFailure } from '../../../src/base/failure.ts';
import { Secret } from '../../../src/base/log.ts';
import { errnoOf, getRequest, identityRequest, parseGet, peersRequest } from '../../../src/helper/tunnel/uapi.ts';
import { engineAnswers, uapiPath, uapiSocket } from '../../../src/platform/uapi-socket.ts';
import { windowsIp } from '../../../src/platform/windows-ip.ts';
import { openPipe } from '../../../src/platform/windows-pipe-client.ts';
import { openPipeDoor } from '../../../src/platform/windows-pipe.ts';
import { wireguardGo } from '../../../src/platform/wireguard-go.ts';

const [folder = ''] = process.argv.slice(2);
const device = 'wmpipeproof';
const peersCount = 300;
const engines = wireguardGo({ folders: [folder], trustedUids: [], onOutput: () => {} });

async function tell(what: string, run: () => unknown): Promise<void> {
  const got = await Promise.resolve().then(run).catch((error: unknown) => `${asFailure(error).code} ${String(asFailure(error).detail['problem'] ?? asFailure(error).detail['message'] ?? '')}`.trim());
  console.log(JSON.stringify({ what, got }));
}

const ask = async (text: string): Promise<string> => uapiSocket.exchange(device, new Secret(text));
const keyOf = (number: number): string => Buffer.alloc(32, 9).fill(number & 255, 0, 1).fill(number >> 8, 1, 2).toString('base64');
const peers = Array.from({ length: peersCount }, (_, i) => ({ publicKey: keyOf(i), endpoint: '', allowedIps: [`10.${i >> 8}.${i & 255}.1/32`], keepaliveSeconds: 0, push: 0, restart: 0 }));

await tell('nobody is there', () => engineAnswers(device));
await tell('a request to nobody', () => ask(getRequest));
let stop = async (): Promise<void> => {};
await tell('start', async () => {
  const engine = await engines.start(device);
  stop = engine.stop;
  return 'answers';
});
await tell('a second start', () => engines.start(device));
await tell('owner', async () => {
  const pipe = await openPipe(uapiPath(device));
  pipe?.close();
  return pipe?.owner;
});
await tell('key and port', async () => errnoOf(await ask(identityRequest(keyOf(1), 51_999))));
await tell('peers', async () => errnoOf(await ask(peersRequest({ kind: 'set-peers', device, remove: [], move: [], set: peers }))));
await tell('read', async () => parseGet(await ask(getRequest)).peers.length);
// The engine tells of its peers in any order.
await tell('twenty at once', async () => (await Promise.all(Array.from({ length: 20 }, () => ask(getRequest)))).map((answer) => parseGet(answer).peers.length).filter((count) => count === peersCount).length);
await tell('a wrong line', async () => errnoOf(await ask('set=1\nnonsense=1\n\n')));
await tell('stop', async () => {
  await stop();
  return engineAnswers(device);
});
await tell('a stray', async () => {
  spawn(`${folder}\\wireguard-go.exe`, [device], { detached: true, stdio: 'ignore' }).unref();
  for (let tries = 0; tries < 250 && !(await engineAnswers(device)); tries++) await pause(20);
  const before = await engineAnswers(device);
  await engines.stopStray(device);
  return [before, await engineAnswers(device)];
});
await tell('a program of another name', async () => {
  const door = await openPipeDoor(uapiPath(device), (socket) => socket.destroy());
  await engines.stopStray(device);
  door.close();
  return 'lives';
});
await tell('routes', () => {
  const names = Object.keys(networkInterfaces());
  const routes = windowsIp.routes();
  return routes.length > 0 && routes.every(({ device: on, network }) => names.includes(on) && network.includes('/'));
});
await tell('an address on no interface', () => windowsIp.change({ what: 'remove-address', device, address: '10.0.0.1/32' }));
process.exit(0);
