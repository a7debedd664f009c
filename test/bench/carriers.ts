/**
 * How many tunnel datagrams a second each carrier takes, beside plain UDP sockets in the same run: `node test/bench/carriers.ts [seconds]`.
 * The way is always the same: a made-up tunnel, a process at each side (for TURN: a process and a relay), and the made-up tunnel at the far end;
 * everything on loopback and on this machine's cores, so read the ratios. The load keeps a window in flight, as TCP inside of a tunnel does.
 */
import { type Socket } from 'node:dgram';
import { splitHostPort } from '../../src/base/ip.ts';
import { batchMax } from '../../src/node/webrtc/batch.ts';
import { connectUdp, openUdp, sendConnected } from '../../src/platform/udp-socket.ts';
import { type Server } from '../system/nat/member.ts';
import { agree, agreePlain, agreeTurn, type CarrierMember, carrierMember, setting } from './carrier-member.ts';

interface Rate {
  /** Datagrams a second that arrived. */
  readonly packets: number;
  /** Microseconds of processor time that the first process took for each: on a busy machine the truer figure. */
  readonly cpuMicros: number;
}

const datagramBytes = 1_420;
const windowPackets = 512;

await main(Number(process.argv[2] ?? 3));
process.exit(0);

async function main(seconds: number): Promise<void> {
  const ways = [['plain UDP sockets', plain], ['ICE', (seconds: number) => agreed('ice', seconds)], ['data channel', (seconds: number) => agreed('channel', seconds)], ['its library alone', library], ['TURN over UDP, one side', turn]] as const;
  console.log(`${datagramBytes} bytes, ${seconds} s each; per core: what one process could carry if it had a core for itself`);
  let base: Rate | undefined;
  for (const [name, run] of ways) {
    const rate = await run(seconds);
    base ??= rate;
    const perCore = 1e6 / rate.cpuMicros;
    console.log([
      name.padEnd(24), `${whole(rate.packets)} pkt/s ${whole(megabits(rate.packets))} Mbit/s (${(rate.packets / base.packets).toFixed(2)})`,
      `${rate.cpuMicros.toFixed(1).padStart(6)} us each, per core ${whole(perCore)} pkt/s ${whole(megabits(perCore))} Mbit/s (${(base.cpuMicros / rate.cpuMicros).toFixed(2)})`,
    ].join('  '));
  }
}

function whole(value: number): string {
  return Math.round(value).toLocaleString('en').padStart(8);
}

function megabits(packets: number): number {
  return (packets * datagramBytes * 8) / 1e6;
}

async function plain(seconds: number): Promise<Rate> {
  return withMembers(async (members) => {
    const [near, far] = [await tunnel(), await tunnel()];
    const [end] = await agreePlain(members, [setting({ near: near.address().port }), setting({ near: far.address().port })]);
    return load(members[0], near, end, far, seconds);
  });
}

async function agreed(kind: 'ice' | 'channel', seconds: number): Promise<Rate> {
  return withMembers(async (members) => {
    const [near, far] = [await tunnel(), await tunnel()];
    const [end] = await agree(kind, members, [setting({ near: near.address().port }), setting({ near: far.address().port })]);
    return load(members[0], near, end, far, seconds);
  });
}

/** What the data channel's library takes by itself, without tunnels at either end, for as many bytes in messages of full batches. */
async function library(seconds: number): Promise<Rate> {
  return withMembers(async (members) => {
    const nowhere = setting({ near: 9 });
    const [near, far] = members;
    await agree('channel', members, [nowhere, nowhere]);
    await far.ask({ do: 'count' });
    await near.ask({ do: 'flood', bytes: batchMax * (2 + datagramBytes) });
    await new Promise((resolve) => setTimeout(resolve, 500));
    const look = async (): Promise<readonly [number, number, number]> => [await far.ask<number>({ do: 'counted' }), await near.cpuMicros(), performance.now()];
    const before = await look();
    await new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
    const after = await look();
    const packets = (after[0] - before[0]) / (2 + datagramBytes);
    return { packets: (packets / (after[2] - before[2])) * 1_000, cpuMicros: (after[1] - before[1]) / packets };
  });
}

async function turn(seconds: number): Promise<Rate> {
  return withMembers(async ([a, relay]) => {
    const [near, far] = [await tunnel(), await tunnel()];
    const servers = [await relay.ask<Server>({ do: 'serve-turn', host: '127.0.0.1' })];
    const [end, relayed] = await agreeTurn(a, setting({ near: near.address().port, servers }));
    const at = splitHostPort(relayed);
    for (let i = 0; i < 20; i++) far.send('hello', at?.port ?? 0, at?.host ?? '');
    await new Promise((resolve) => setTimeout(resolve, 100));
    return load(a, near, end, far, seconds);
  });
}

/** Datagrams a second that arrive, with no more than a window on the way. */
async function load(carrying: CarrierMember, near: Socket, to: string, far: Socket, seconds: number): Promise<Rate> {
  const at = splitHostPort(to);
  await connectUdp(near, at?.port ?? 0, at?.host ?? '');
  const datagram = Buffer.alloc(datagramBytes, 4);
  let [sent, received, measured] = [0, 0, 0];
  const fill = (): void => {
    while (sent - received < windowPackets && sendConnected(near, datagram)) sent++;
  };
  far.on('message', (bytes) => {
    if (bytes.length !== datagramBytes) return;
    received++;
    measured++;
    if (received % 32 === 0) fill();
  });
  // What was lost gives its place in the window back.
  const stalled = setInterval(() => {
    sent = received;
    fill();
  }, 100);
  await new Promise((resolve) => setTimeout(resolve, 500));
  measured = 0;
  const cpuBefore = await carrying.cpuMicros();
  const startedMs = performance.now();
  await new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
  const [packets, tookMs] = [measured, performance.now() - startedMs];
  const cpuMicros = ((await carrying.cpuMicros()) - cpuBefore) / packets;
  clearInterval(stalled);
  near.close();
  far.close();
  return { packets: (packets / tookMs) * 1_000, cpuMicros };
}

function tunnel(): Promise<Socket> {
  return openUdp({ family: 4, host: '127.0.0.1' });
}

async function withMembers<T>(run: (members: readonly [CarrierMember, CarrierMember]) => Promise<T>): Promise<T> {
  const members = [carrierMember(null), carrierMember(null)] as const;
  try {
    return await run(members);
  } finally {
    for (const each of members) each.end();
  }
}
