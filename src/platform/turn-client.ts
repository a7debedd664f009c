import { type Cancel, type Clock } from '../base/clock.ts';
import { formatIp, joinHostPort, parseIp, splitHostPort } from '../base/ip.ts';
import { type RelayServer } from '../gen/webmesh/paths/v1/paths_messages.ts';
import { type CarrierEnd, CarrierError, type TurnAllocation, type TurnClients } from '../node/path-ports.ts';
import { decodeStun, methods, sendIndication } from './stun-message.ts';
import { addressOf, parseServerUrl } from './stun-url.ts';
import { lifetimeSeconds, type TurnRequests, turnRequests } from './turn-session.ts';
import { openTcpTransport, openUdpTransport, type TurnTransport, type TurnTransportEvents } from './turn-transport.ts';

/** Permissions last five minutes, channels ten, the allocation what was asked (RFC 8656, sections 9, 12 and 7): all are renewed this often. */
const upkeepMs = 120_000;
/** One renewal may be lost; after the second the relay is gone. */
const failuresMax = 2;
const permissionsMax = 16;
const channelFirst = 0x4000;
const channelsMax = 16;
const openMsMax = 3_000;
const urlsMax = 8;
/** Datagrams that wait until somebody is there to send to: the tunnel's first handshake, which it would send again only after five seconds. */
const heldMax = 4;

/** TURN as a client. What passes is not looked at. */
export function createTurnClients(clock: Clock): TurnClients {
  return {
    allocate: async (server, options, signal) => {
      signal.throwIfAborted();
      const allocation = new Allocation(server, clock);
      const abort = (): void => allocation.end({ code: 'carrier-failed', problem: 'cancelled' });
      signal.addEventListener('abort', abort, { once: true });
      try {
        await allocation.open(options.transport, options.family, signal);
        return allocation;
      } catch (error) {
        allocation.close();
        signal.throwIfAborted();
        throw error instanceof CarrierError ? error : new CarrierError('no-relay', 'the relay cannot be reached', error);
      } finally {
        signal.removeEventListener('abort', abort);
      }
    },
  };
}

interface Channel {
  readonly number: number;
  readonly ip: string;
  readonly port: number;
  readonly endpoint: string;
  bound: boolean;
}

class Allocation implements TurnAllocation {
  readonly ended: Promise<CarrierEnd>;
  relayed = '';
  readonly #server: RelayServer;
  readonly #clock: Clock;
  readonly #permitted = new Set<string>();
  readonly #channels = new Map<string, Channel>();
  readonly #byNumber = new Map<number, Channel>();
  #transport: TurnTransport | null = null;
  #requests: TurnRequests | null = null;
  #receive: (datagram: Uint8Array, from: string) => void = () => {};
  #tell: (end: CarrierEnd) => void = () => {};
  #stopUpkeep: Cancel = () => {};
  #failures = 0;
  #follow = true;
  #target: Channel | null = null;
  #held: Buffer[] = [];
  #closed = false;

  constructor(server: RelayServer, clock: Clock) {
    this.#server = server;
    this.#clock = clock;
    this.ended = new Promise((resolve) => {
      this.#tell = resolve;
    });
  }

  async open(transport: 'udp' | 'tcp', family: 4 | 6, signal: AbortSignal): Promise<void> {
    const line = await this.#line(transport, signal);
    if (this.#closed) {
      line.close();
      throw new CarrierError('carrier-failed', 'closed');
    }
    this.#transport = line;
    this.#requests = turnRequests({ username: this.#server.username, credential: this.#server.credential, repeat: transport === 'udp', send: (bytes) => line.send(bytes), clock: this.#clock });
    const { relayed } = await this.#requests.allocate(family);
    if (!relayed) throw new CarrierError('no-relay', 'the relay gave no address');
    this.relayed = relayed;
    this.#keepUp();
  }

  /** The first of the server's addresses that there is a route to. */
  async #line(transport: 'udp' | 'tcp', signal: AbortSignal): Promise<TurnTransport> {
    const events: TurnTransportEvents = { frame: (bytes) => this.#heard(bytes), ended: (problem) => this.end({ code: 'carrier-failed', problem }) };
    let failed: unknown = new CarrierError('no-relay', `the relay speaks no TURN over ${transport}`);
    for (const url of this.#server.turn.slice(0, urlsMax).map(parseServerUrl)) {
      if (url?.kind !== 'turn' || url.transport !== transport) continue;
      const host = (await addressOf(url.host, 4)) ?? (await addressOf(url.host, 6));
      if (!host) continue;
      try {
        if (transport === 'udp') return await openUdpTransport(host, url.port, events);
        return await openTcpTransport(host, url.port, events, AbortSignal.any([signal, AbortSignal.timeout(openMsMax)]));
      } catch (error) {
        signal.throwIfAborted();
        failed = error;
      }
    }
    throw failed;
  }

  async permit(address: string): Promise<void> {
    const ip = parseIp(address);
    if (!ip || !this.#requests) throw new CarrierError('carrier-failed', 'no such address');
    const bare = formatIp(ip);
    if (this.#permitted.has(bare)) return;
    if (this.#permitted.size >= permissionsMax) throw new CarrierError('relay-full', 'too many addresses');
    await this.#requests.createPermission([bare]);
    this.#permitted.add(bare);
  }

  target(endpoint: string | null): void {
    this.#follow = endpoint === null;
    if (endpoint !== null) this.#aim(endpoint);
  }

  send(datagram: Uint8Array): boolean {
    const channel = this.#target;
    if (!this.#transport || this.#closed) return false;
    if (!channel) return this.#held.length < heldMax && this.#held.push(Buffer.from(datagram)) > 0;
    return this.#transport.send(channel.bound ? channelData(channel.number, datagram) : sendIndication(channel.ip, channel.port, datagram));
  }

  onDatagram(receive: (datagram: Uint8Array, from: string) => void): void {
    this.#receive = receive;
  }

  close(): void {
    this.end({ code: 'carrier-failed', problem: 'closed' });
  }

  end(end: CarrierEnd): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#stopUpkeep();
    this.#requests?.close();
    this.#transport?.close();
    this.#tell(end);
  }

  #heard(bytes: Buffer): void {
    if (this.#closed) return;
    const first = bytes[0] ?? 0;
    if (first >= 0x40 && first <= 0x4f) return this.#heardChannel(bytes);
    const message = decodeStun(bytes);
    if (message?.kind === 'success' || message?.kind === 'error') this.#requests?.receive(bytes);
    else if (message?.kind === 'indication' && message.method === methods.data && message.peer && message.data) this.#arrived(message.data, message.peer);
  }

  #heardChannel(bytes: Buffer): void {
    const channel = this.#byNumber.get(bytes.readUInt16BE(0));
    const end = 4 + bytes.readUInt16BE(2);
    if (channel && end <= bytes.length) this.#arrived(bytes.subarray(4, end), channel.endpoint);
  }

  #arrived(datagram: Uint8Array, from: string): void {
    if (this.#follow && from !== this.#target?.endpoint) this.#aim(from);
    this.#receive(datagram, from);
  }

  /** Sends there from now on: with a header of four bytes once a channel is bound, with a longer one until then. */
  #aim(endpoint: string): void {
    this.#target = this.#channels.get(endpoint) ?? this.#newChannel(endpoint);
    if (this.#target) for (const datagram of this.#held.splice(0)) this.send(datagram);
  }

  #newChannel(endpoint: string): Channel | null {
    const at = splitHostPort(endpoint);
    if (!at) return null;
    const channel: Channel = { number: channelFirst + this.#channels.size, ip: at.host, port: at.port, endpoint: joinHostPort(at.host, at.port), bound: false };
    // An end that changes its port all the time gets no more channels, and is still reached.
    if (this.#channels.size >= channelsMax) return channel;
    this.#channels.set(endpoint, channel);
    this.#byNumber.set(channel.number, channel);
    this.#requests?.channelBind(channel.number, channel.ip, channel.port).then(() => {
      channel.bound = true;
    }, () => {}); // Without a channel each datagram carries the whole address, and that is all.
    return channel;
  }

  #keepUp(): void {
    this.#stopUpkeep = this.#clock.after(upkeepMs, () => {
      void this.#renew().then(() => {
        this.#failures = 0;
      }, (error: unknown) => {
        if (++this.#failures >= failuresMax) this.end({ code: 'carrier-failed', problem: error instanceof Error ? error.message : 'the relay let go' });
      }).finally(() => {
        if (!this.#closed) this.#keepUp();
      });
    });
  }

  async #renew(): Promise<void> {
    await this.#requests?.refresh(lifetimeSeconds);
    if (this.#permitted.size > 0) await this.#requests?.createPermission([...this.#permitted]);
    for (const { number, ip, port, bound } of this.#channels.values()) if (bound) await this.#requests?.channelBind(number, ip, port);
  }
}

/** RFC 8656, section 12.4. */
function channelData(channel: number, datagram: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(4 + datagram.length);
  frame.writeUInt16BE(channel, 0);
  frame.writeUInt16BE(datagram.length, 2);
  frame.set(datagram, 4);
  return frame;
}
