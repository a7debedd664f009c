import { type Cancel, type Clock } from '../base/clock.ts';
import { formatIp, joinHostPort, parseIp } from '../base/ip.ts';
import { type IceDescription } from '../gen/webmesh/paths/v1/paths_messages.ts';
import { type CarrierEnd, CarrierError, type IceAgent, type IceAgents, type IceOptions } from '../node/path-ports.ts';
import { type Candidate, candidateLine, candidatesMax, isLoopback, parseCandidate } from './ice-candidate.ts';
import { type IceSocket, openIceSocket } from './ice-socket.ts';
import { isStun, mayReachAgent } from './ice-filter.ts';
import { type Gathering, gathering, reflexive, sameEndpoint } from './ice-gather.ts';
import { decodeStun, isProven } from './stun-message.ts';
import { IceAgent as LibraryAgent } from './turn-library.ts';

/** Checks that found nothing until then will find nothing: NATs that can be opened are open after a few of them. */
const checkMsMax = 5_000;
const hostsMax = 6;
/** What may come on a pair before this side knows that it is the one: the tunnel's first handshake, which is sent again only after five seconds. */
const earlyMax = 16;

interface Library {
  on(event: 'candidate', see: (candidate: LibraryCandidate | null) => void): void;
  on(event: 'selectedpair', see: (pair: LibraryPair) => void): void;
  on(event: 'statechange', see: (state: string) => void): void;
  on(event: 'paircheck', see: (pair: LibraryPair, succeeded: boolean) => void): void;
  on(event: 'error' | 'candidateerror', see: () => void): void;
  readonly localParameters: { readonly ufrag: string; readonly pwd: string };
  setRemoteParameters(parameters: { readonly ufrag: string; readonly pwd: string }): void;
  addRemoteCandidate(candidate: LibraryCandidate | null): void;
  gather(): void;
  handlePacket(bytes: Buffer, from: { readonly address: string; readonly port: number; readonly family: string }): void;
  set_context(context: { readonly selectedPair: LibraryPair }): void;
  close(): void;
}

interface LibraryCandidate extends Candidate {
  readonly component: number;
  readonly protocol: string;
  readonly socket?: IceSocket;
}

interface LibraryPair {
  readonly local: LibraryCandidate;
  readonly remote: LibraryCandidate;
}

/** ICE on sockets of our own: the library finds the pair, keeps its consent fresh (RFC 7675), and never sees the tunnel's datagrams. */
export function createIceAgents(clock: Clock): IceAgents {
  return { open: (options, signal) => Agent.open(options, signal, clock) };
}

class Agent implements IceAgent {
  readonly ended: Promise<CarrierEnd>;
  local: IceDescription = { ufrag: '', pwd: '', candidates: [] };
  readonly #clock: Clock;
  readonly #controlling: boolean;
  readonly #loopback: boolean;
  #sockets: readonly IceSocket[] = [];
  #library: Library | null = null;
  #gathering: Gathering | null = null;
  #tell: (end: CarrierEnd) => void = () => {};
  #selected: { readonly socket: IceSocket; readonly endpoint: string } | null = null;
  #receive: ((datagram: Uint8Array, from: string) => void) | null = null;
  #valid: LibraryPair[] = [];
  #early: { readonly bytes: Buffer; readonly from: string }[] = [];
  #closed = false;

  static async open(options: IceOptions, signal: AbortSignal, clock: Clock): Promise<Agent> {
    signal.throwIfAborted();
    const agent = new Agent(options, clock);
    const abort = (): void => agent.close();
    signal.addEventListener('abort', abort, { once: true });
    try {
      await agent.#gather(options, signal);
      signal.throwIfAborted();
      if (agent.local.candidates.length === 0) throw new CarrierError('offline', 'no address to be found at');
      return agent;
    } catch (error) {
      agent.close();
      throw error;
    } finally {
      // From here on `connect` has the signal, and the caller `close`.
      signal.removeEventListener('abort', abort);
    }
  }

  private constructor({ controlling, hosts }: IceOptions, clock: Clock) {
    this.#clock = clock;
    this.#controlling = controlling;
    this.#loopback = hosts.some(isLoopback);
    this.ended = new Promise((resolve) => {
      this.#tell = resolve;
    });
  }

  async #gather({ hosts, servers, gatherMs, controlling }: IceOptions, signal: AbortSignal): Promise<void> {
    const addresses = hosts.slice(0, hostsMax).flatMap((host) => parseIp(host) ?? []);
    const events = { message: (bytes: Buffer, from: { address: string; port: number; family: string }) => this.#heard(bytes, from), refused: () => this.#end('the other end is gone') };
    const opened = await Promise.all(([4, 6] as const).map((family) => {
      const ofFamily = addresses.filter((ip) => ip.family === family).map(formatIp);
      return ofFamily.length === 0 ? null : openIceSocket(family, ofFamily, events).catch(() => null);
    }));
    this.#sockets = opened.filter((socket) => socket !== null);
    if (this.#closed) for (const socket of this.#sockets) socket.close();
    if (this.#closed || this.#sockets.length === 0) return;
    const [socket, socket6] = [this.#socketOf(4), this.#socketOf(6)];
    const library = new LibraryAgent({
      mode: 'full', controlling, trickle: true, mdns: false, portMapping: false, includeLoopback: true,
      ...(socket ? { socket } : {}), ...(socket6 ? { socket6 } : {}),
      announcedAddresses: addresses.map(formatIp), iceServers: [],
    }) as unknown as Library;
    this.#library = library;
    this.#gathering = gathering(this.#clock, this.#sockets);
    const [own] = await Promise.all([hostCandidates(library), this.#gathering.run(servers.flatMap(({ stun }) => stun), gatherMs, signal)]);
    const mapped = this.#gathering.found().filter((endpoint) => !own.some((host) => sameEndpoint(host, endpoint))).flatMap((endpoint, i) => reflexive(endpoint, i) ?? []);
    const { ufrag, pwd } = library.localParameters;
    this.local = { ufrag, pwd, candidates: [...own, ...mapped].slice(0, candidatesMax).map(candidateLine) };
  }

  async connect(remote: IceDescription, signal: AbortSignal): Promise<{ readonly via: string; readonly remote: string }> {
    signal.throwIfAborted();
    const library = this.#library;
    const candidates = remote.candidates.slice(0, candidatesMax).flatMap((line) => parseCandidate(line, this.#loopback) ?? []).filter(({ ip, type }) => type !== 'relay' && this.#socketOf(ip.includes(':') ? 6 : 4));
    if (!library || this.#closed || !isCredential(remote)) throw new CarrierError('carrier-failed', 'no ICE to go on with');
    if (candidates.length === 0) throw new CarrierError('no-common-family', 'no candidate that could be tried');
    const pair = await this.#checked(library, remote, candidates, signal);
    const socket = pair.local.socket ?? this.#socketOf(pair.remote.ip.includes(':') ? 6 : 4);
    if (!socket) throw new CarrierError('carrier-failed', 'a pair without a socket');
    await socket.connect(pair.remote.ip, pair.remote.port);
    signal.throwIfAborted();
    const endpoint = joinHostPort(pair.remote.ip, pair.remote.port);
    this.#selected = { socket, endpoint };
    for (const other of this.#sockets) if (other !== socket) other.close();
    library.on('statechange', (state) => {
      if (state === 'failed' || state === 'disconnected' || state === 'closed') this.#end('consent was not renewed');
    });
    return { via: `${this.#localKind(pair.local)}-${pair.remote.type}`, remote: endpoint };
  }

  #checked(library: Library, { ufrag, pwd }: IceDescription, candidates: readonly Candidate[], signal: AbortSignal): Promise<LibraryPair> {
    return new Promise((resolve, reject) => {
      let late: Cancel = () => {};
      const settle = (run: () => void): void => {
        late();
        signal.removeEventListener('abort', abort);
        run();
      };
      const abort = (): void => settle(() => reject(signal.reason));
      const fail = (problem: string): void => settle(() => reject(new CarrierError('no-answer', problem)));
      signal.addEventListener('abort', abort, { once: true });
      late = this.#clock.after(checkMsMax, () => fail('no check was answered'));
      library.on('paircheck', (pair, succeeded) => void (succeeded && this.#valid.push(pair)));
      library.on('selectedpair', (pair) => settle(() => resolve(pair)));
      library.on('statechange', (state) => {
        if (state === 'failed' || state === 'closed') fail('every check failed');
      });
      // The credentials last: with them the checks begin, and the library never wakes a pair that is made after that.
      for (const candidate of candidates) library.addRemoteCandidate({ ...candidate, component: 1, protocol: 'udp' });
      library.addRemoteCandidate(null);
      library.setRemoteParameters({ ufrag, pwd });
    });
  }

  /** The library takes an outside address that a STUN server told us for one that the peer discovered. */
  #localKind(local: LibraryCandidate): string {
    return local.type === 'prflx' && this.#gathering?.found().some((endpoint) => sameEndpoint(local, endpoint)) ? 'srflx' : local.type;
  }

  #heard(bytes: Buffer, from: { readonly address: string; readonly port: number; readonly family: string }): void {
    if (isStun(bytes)) {
      const message = decodeStun(bytes);
      if (!message || this.#gathering?.hear(message) || !mayReachAgent(message, this.#controlling)) return;
      this.#library?.handlePacket(bytes, from);
      if (message.useCandidate && !this.#controlling && isProven(bytes, this.local.pwd)) this.#nominated(joinHostPort(from.address, from.port));
      return;
    }
    if (this.#selected && this.#receive) return this.#receive(bytes, this.#selected.endpoint);
    if (this.#early.length < earlyMax) this.#early.push({ bytes, from: joinHostPort(from.address, from.port) });
  }

  /**
   * The peer chose this pair (RFC 8445, section 7.3.1.5). The library forgets that where our own check had succeeded before and had shown us
   * another outside address: there the pair that is valid is not the one that was checked.
   */
  #nominated(from: string): void {
    const pair = this.#valid.find(({ remote }) => sameEndpoint(remote, from));
    if (pair && !this.#selected) this.#library?.set_context({ selectedPair: pair });
  }

  send(datagram: Uint8Array): boolean {
    return this.#selected?.socket.carry(datagram) ?? false;
  }

  onDatagram(receive: (datagram: Uint8Array, from: string) => void): void {
    this.#receive = receive;
    for (const { bytes, from } of this.#early.splice(0)) if (from === this.#selected?.endpoint) receive(bytes, from);
  }

  close(): void {
    this.#end('closed');
  }

  #end(problem: string): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#library?.close();
    for (const socket of this.#sockets) socket.close();
    this.#tell({ code: 'carrier-failed', problem });
  }

  #socketOf(family: 4 | 6): IceSocket | undefined {
    return this.#sockets.find((socket) => socket.family === family);
  }
}

/** The library has them as soon as its sockets are bound, which ours are. */
function hostCandidates(library: Library): Promise<readonly Candidate[]> {
  return new Promise((resolve) => {
    const found: Candidate[] = [];
    library.on('error', () => {});
    library.on('candidateerror', () => {});
    library.on('candidate', (candidate) => (candidate ? found.push(candidate) : resolve(found)));
    library.gather();
  });
}

/** RFC 8839, section 5.4: what a peer's name and password may look like. */
function isCredential({ ufrag, pwd }: IceDescription): boolean {
  return /^[A-Za-z0-9+/]{4,256}$/.test(ufrag) && /^[A-Za-z0-9+/]{22,256}$/.test(pwd);
}
