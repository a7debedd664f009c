import { type Clock, sleep } from '../base/clock.ts';
import { type Random } from '../base/random.ts';
import { type GatewayRoute } from './gateways.ts';
import { type Grant, MappingRefused, mappingSeconds } from './mapping-grant.ts';
import { gatewayPort, type Granted, pcpMap, pmpAddress, pmpMap, type Reply, readPcpMap, readPmpAddress, readPmpMap } from './pcp-messages.ts';
import { closeUdp, connectUdp, openUdp, sendConnected } from './udp-socket.ts';

/** A home router answers within milliseconds; one that is busy gets three more chances. */
const againMs = [200, 300, 500, 500];

export interface PcpPorts {
  readonly clock: Clock;
  readonly random: Random;
}

/** Rejects with MappingRefused, or the signal's reason. */
export async function mapByPcp({ clock, random }: PcpPorts, { gateway, local }: GatewayRoute, port: number, suggested: number, signal: AbortSignal): Promise<Grant> {
  const nonce = random.bytes(12);
  const request = (lifetimeSeconds: number): Buffer => pcpMap({ local, nonce, port, suggested, lifetimeSeconds });
  const ask = (lifetimeSeconds: number, until: AbortSignal): Promise<Granted> => askGateway(clock, gateway, request(lifetimeSeconds), readPcpMap, until);
  const granted = await ask(mappingSeconds, signal);
  if (granted.address === null) throw new MappingRefused('the router gave no IPv4 address');
  return {
    address: granted.address, port: granted.port, lifetimeSeconds: granted.lifetimeSeconds,
    // The nonce of the first time proves whose mapping it is (RFC 6887, section 11.2).
    renew: async (until) => ({ ...(await ask(mappingSeconds, until)), address: granted.address ?? '' }),
    release: async (until) => void (await ask(0, until)),
  };
}

/** Rejects with MappingRefused, or the signal's reason. */
export async function mapByPmp({ clock }: PcpPorts, { gateway }: GatewayRoute, port: number, suggested: number, signal: AbortSignal): Promise<Grant> {
  const ask = (lifetimeSeconds: number, wanted: number, until: AbortSignal): Promise<Granted> =>
    askGateway(clock, gateway, pmpMap({ port, suggested: wanted, lifetimeSeconds }), readPmpMap, until);
  const granted = await ask(mappingSeconds, suggested, signal);
  const outside = async (until: AbortSignal): Promise<string> => (await askGateway(clock, gateway, pmpAddress(), readPmpAddress, until)).address ?? '';
  return {
    address: await outside(signal), port: granted.port, lifetimeSeconds: granted.lifetimeSeconds,
    renew: async (until) => ({ ...(await ask(mappingSeconds, granted.port, until)), address: await outside(until) }),
    release: async (until) => void (await ask(0, 0, until)),
  };
}

/** One question, sent again until it is answered. Only the router is heard: the socket is connected to it. */
async function askGateway(clock: Clock, gateway: string, request: Buffer, read: (reply: Buffer, request: Buffer) => Reply, signal: AbortSignal): Promise<Granted> {
  signal.throwIfAborted();
  const socket = await openUdp({ family: 4 });
  try {
    await connectUdp(socket, gatewayPort, gateway).catch(() => {
      throw new MappingRefused('no route to the router');
    });
    const answered = new AbortController();
    const either = AbortSignal.any([signal, answered.signal]);
    let reply: Reply = null;
    let refused = false;
    socket.on('message', (bytes) => {
      reply ??= read(bytes, request);
      if (reply) answered.abort();
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      refused ||= error.code === 'ECONNREFUSED';
      if (refused) answered.abort();
    });
    for (const waitMs of againMs) {
      sendConnected(socket, request);
      await sleep(clock, waitMs, either).catch(() => {});
      signal.throwIfAborted();
      if (reply || refused) break;
    }
    return resultOf(reply);
  } finally {
    closeUdp(socket);
  }
}

function resultOf(reply: Reply): Granted {
  if (!reply) throw new MappingRefused('no answer');
  if ('refused' in reply) throw new MappingRefused(`refused (${reply.refused})`);
  return reply.granted;
}
