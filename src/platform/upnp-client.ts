import { request as httpRequest } from 'node:http';
import { type Clock, sleep } from '../base/clock.ts';
import { parseIp } from '../base/ip.ts';
import { type Random, between } from '../base/random.ts';
import { type GatewayRoute } from './gateways.ts';
import { type Grant, MappingRefused, mappingSeconds } from './mapping-grant.ts';
import { fieldIn, locationIn, type MappingService, searchMessage, serviceIn, soapCall } from './upnp-messages.ts';
import { closeUdp, openUdp, sendTo } from './udp-socket.ts';

const ssdpPort = 1900;
const ssdpGroup = '239.255.255.250';
const targets = ['urn:schemas-upnp-org:device:InternetGatewayDevice:1', 'urn:schemas-upnp-org:device:InternetGatewayDevice:2'];
const searchMs = 1_200;
const answerBytesMax = 256 << 10;
const answerMsMax = 2_500;
/** Of another port, where the wanted one is somebody else's. */
const portsMax = 4;
const conflict = '718';
const permanentOnly = '725';

export interface UpnpPorts {
  readonly clock: Clock;
  readonly random: Random;
}

/** Rejects with MappingRefused, or the signal's reason. Asks the router itself and nobody else, whatever its description says. */
export async function mapByUpnp({ clock, random }: UpnpPorts, route: GatewayRoute, port: number, suggested: number, signal: AbortSignal): Promise<Grant> {
  const location = await search(clock, route, signal);
  if (!location) throw new MappingRefused('no answer');
  const description = await ask(route.gateway, { method: 'GET', port: Number(location.port || 80), path: `${location.pathname}${location.search}` }, signal);
  const service = serviceIn(description.text, location);
  if (!service) throw new MappingRefused('the router maps no ports');
  const call = (action: string, values: Readonly<Record<string, string | number>>, until: AbortSignal): Promise<Answer> => soap(route.gateway, service, action, values, until);
  const outside = async (until: AbortSignal): Promise<string> => {
    const text = fieldIn((await call('GetExternalIPAddress', {}, until)).text, 'NewExternalIPAddress') ?? '';
    if (!parseIp(text)) throw new MappingRefused('the router knows no address outside');
    return text;
  };
  const add = (external: number, lease: number, until: AbortSignal): Promise<Answer> => call('AddPortMapping', {
    NewRemoteHost: '', NewExternalPort: external, NewProtocol: 'UDP', NewInternalPort: port, NewInternalClient: route.local, NewEnabled: 1,
    NewPortMappingDescription: 'Webmesh', NewLeaseDuration: lease,
  }, until);
  const taken = await addAny(add, random, suggested, signal);
  return {
    address: await outside(signal), ...taken,
    renew: async (until) => {
      const answer = await add(taken.port, taken.lifetimeSeconds, until);
      if (answer.status !== 200) throw new MappingRefused(refusal(answer));
      return { address: await outside(until), ...taken };
    },
    release: async (until) => void (await call('DeletePortMapping', { NewRemoteHost: '', NewExternalPort: taken.port, NewProtocol: 'UDP' }, until)),
  };
}

/** Another's mapping is left alone: then another port will do. */
async function addAny(add: (external: number, lease: number, signal: AbortSignal) => Promise<Answer>, random: Random, suggested: number, signal: AbortSignal): Promise<{ readonly port: number; readonly lifetimeSeconds: number }> {
  let port = suggested;
  let lifetimeSeconds = mappingSeconds;
  for (let tried = 0; ; tried++) {
    const answer = await add(port, lifetimeSeconds, signal);
    if (answer.status === 200) return { port, lifetimeSeconds };
    const code = fieldIn(answer.text, 'errorCode');
    if (tried >= portsMax || (code !== conflict && code !== permanentOnly)) throw new MappingRefused(refusal(answer));
    if (code === permanentOnly) lifetimeSeconds = 0;
    else port = between(random, 20_000, 60_000);
  }
}

function refusal({ status, text }: Answer): string {
  return `refused (${fieldIn(text, 'errorCode') ?? status})`;
}

/** Looks for the router's description: on the whole network, as routers expect it, and at the router itself. */
async function search(clock: Clock, { gateway, local }: GatewayRoute, signal: AbortSignal): Promise<URL | undefined> {
  const socket = await openUdp({ family: 4, host: local });
  try {
    socket.setMulticastInterface(local);
    socket.setMulticastTTL(2);
    const found = new AbortController();
    let location: URL | undefined;
    socket.on('message', (bytes, from) => {
      if (from.address !== gateway || bytes.length > 2_048) return;
      location ??= locationIn(bytes.toString('latin1'), gateway);
      if (location) found.abort();
    });
    for (let round = 0; round < 2 && !location; round++) {
      for (const target of targets) for (const host of [ssdpGroup, gateway]) sendTo(socket, searchMessage(target), ssdpPort, host);
      await sleep(clock, searchMs / 2, AbortSignal.any([signal, found.signal])).catch(() => {});
      signal.throwIfAborted();
    }
    return location;
  } finally {
    closeUdp(socket);
  }
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

function soap(host: string, service: MappingService, action: string, values: Readonly<Record<string, string | number>>, signal: AbortSignal): Promise<Answer> {
  const { body, headers } = soapCall(service, action, values);
  return ask(host, { method: 'POST', port: service.port, path: service.path, headers, body }, signal);
}

interface Asked {
  readonly method: string;
  readonly port: number;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** One HTTP exchange: no redirect is followed, nothing long is read, nothing slow is waited for. */
function ask(host: string, { method, port, path, headers = {}, body = '' }: Asked, signal: AbortSignal): Promise<Answer> {
  const until = AbortSignal.any([signal, AbortSignal.timeout(answerMsMax)]);
  return new Promise((resolve, reject) => {
    const failed = (): void => reject(signal.aborted ? signal.reason : new MappingRefused('the router broke off'));
    const request = httpRequest({ host, port, path, method, headers: { ...headers, 'content-length': Buffer.byteLength(body) }, agent: false, signal: until, maxHeaderSize: 8 << 10 }, (response) => {
      const parts: Buffer[] = [];
      let bytes = 0;
      response.on('data', (part: Buffer) => {
        bytes += part.length;
        if (bytes > answerBytesMax) request.destroy();
        else parts.push(part);
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(parts).toString('utf8') }));
      response.on('error', failed);
      response.on('close', failed);
    });
    request.on('error', failed);
    request.end(body);
  });
}
