import { createRequire } from 'node:module';
import type * as Library from 'node-datachannel';
import { cell } from '../base/cell.ts';
import { formatIp, joinHostPort, parseIp } from '../base/ip.ts';
import { type ChannelOptions, type DataChannel, type Description, type PeerConnection, type PeerConnections } from '../node/path-ports.ts';

/** WebRTC by libdatachannel. The library is loaded by the first connection: most nodes never make one, and it brings threads. */
export interface NativePeerConnections extends PeerConnections {
  /**
   * Closes what is open. The library's threads go on and keep the process alive: it has to exit by name. Its own cleanup is left alone, because
   * after a garbage collection it frees what is gone already.
   */
  close(): void;
}

type State = ReturnType<PeerConnection['state']['get']>;
type Options = Parameters<PeerConnections['create']>[0];

/** ICE and DTLS together: the library itself gives up after 40 s only. */
const connectDefaultMs = 8_000;
/** How long a connection may be without an answer from the other end, after it had one. */
const disconnectedMs = 5_000;
const keptCandidatesMax = 32;
/** What came before somebody listens. Whoever sends more than this unasked loses the channel. */
const unheardBytesMax = 1 << 20;
const messageBytesMax = 256 << 10;
const lookMs = 25;

export function createPeerConnections({ connectMs = connectDefaultMs }: { readonly connectMs?: number } = {}): NativePeerConnections {
  let library: typeof Library | undefined;
  const open = new Set<PeerConnection>();
  return {
    create: (options) => {
      library ??= load();
      const connection = connect(library, options, connectMs, () => open.delete(connection));
      open.add(connection);
      return connection;
    },
    close: () => {
      for (const connection of [...open]) connection.close();
    },
  };
}

/** By require: it finds its binary beside itself, also from a bundle. Its log is off: it would print addresses. */
function load(): typeof Library {
  const library = createRequire(import.meta.url)('node-datachannel') as typeof Library;
  library.initLogger('Fatal', () => {});
  return library;
}

function connect(library: typeof Library, { iceServers, hosts }: Options, connectMs: number, forget: () => void): PeerConnection {
  const [only] = hosts;
  const native = new library.PeerConnection('', {
    iceServers: [...iceServers],
    // The library takes one address or all of them; of all, only the wanted are told to the other end.
    ...(hosts.length === 1 && only !== undefined ? { bindAddress: only } : {}),
    disableAutoNegotiation: true,
    maxMessageSize: messageBytesMax,
  });
  const state = cell<State>('new');
  const channels = new Set<Held>();
  const wanted = new Set(hosts.map(plain));
  const kept: string[] = [];
  let see: ((candidate: string) => void) | undefined;
  const unseen: string[] = [];
  let described = false;
  let timer: NodeJS.Timeout | undefined;
  let looking: NodeJS.Timeout | undefined;

  const end = (last: 'failed' | 'closed'): void => {
    if (isOver(state.get())) return;
    clearTimeout(timer);
    state.set(last);
    quietly(() => native.close());
    for (const channel of [...channels]) channel.end();
    forget();
  };
  const follow = (next: State): void => {
    if (isOver(state.get()) || next === state.get()) return;
    if (next === 'failed' || next === 'closed') return end(next);
    if (next === 'connected') clearTimeout(timer);
    if (next === 'disconnected') giveUpAfter(disconnectedMs);
    state.set(next);
  };
  const giveUpAfter = (ms: number): void => {
    clearTimeout(timer);
    timer = setTimeout(() => end('failed'), ms);
  };
  const remote = (sdp: string, type: Description['type']): void => {
    native.setRemoteDescription(sdp, type);
    described = true;
    giveUpAfter(connectMs);
    for (const candidate of kept.splice(0)) add(candidate);
  };
  const add = (candidate: string): boolean => quietly(() => native.addRemoteCandidate(candidate, '0')) === 'done';
  const describe = (type: Description['type']): Promise<Description> => new Promise((resolve) => {
    // Told at once, before candidates are gathered: the description has none, they follow one by one.
    native.onLocalDescription(safely((sdp: string, told: string) => resolve({ type: told === 'answer' ? 'answer' : 'offer', sdp })));
    native.setLocalDescription(type);
  });

  native.onStateChange(safely((next: string) => follow(next as State)));
  native.onLocalCandidate(safely((line: string) => {
    const candidate = line.replace(/^a=/, '').replace(' UDP ', ' udp ');
    if (!isWanted(candidate, wanted)) return;
    if (see) see(candidate);
    else if (unseen.length < keptCandidatesMax) unseen.push(candidate);
  }));
  return {
    offer: async () => describe('offer'),
    answer: async ({ sdp }) => {
      remote(sdp, 'offer');
      return describe('answer');
    },
    accept: ({ sdp }) => remote(sdp, 'answer'),
    addCandidate: (candidate) => {
      if (isOver(state.get())) return false;
      if (described) return add(candidate);
      return kept.length < keptCandidatesMax && kept.push(candidate) > 0;
    },
    onCandidate: (next) => {
      see = next;
      for (const candidate of unseen.splice(0)) next(candidate);
    },
    state,
    pair: () => pairOf(native),
    createChannel: (label, options) => {
      const channel = channelOf(native, label, options, () => {
        channels.delete(channel);
        if (channels.size > 0) return;
        clearInterval(looking);
        looking = undefined;
      });
      channels.add(channel);
      looking ??= setInterval(() => {
        for (const each of channels) each.look();
      }, lookMs);
      return channel.face;
    },
    close: () => end('closed'),
  };
}

function isOver(state: State): boolean {
  return state === 'failed' || state === 'closed';
}

/** Server-reflexive ones are told: where they were sent from is the router's business. */
function isWanted(candidate: string, hosts: ReadonlySet<string>): boolean {
  const [, , , , address = '', , , type] = candidate.split(' ');
  return type !== 'host' || hosts.has(plain(address));
}

function plain(address: string): string {
  const ip = parseIp(address);
  return ip ? formatIp(ip) : address;
}

function pairOf(native: Library.PeerConnection): ReturnType<PeerConnection['pair']> {
  let pair: ReturnType<Library.PeerConnection['getSelectedCandidatePair']> = null;
  quietly(() => {
    pair = native.getSelectedCandidatePair();
  });
  const found = pair as ReturnType<Library.PeerConnection['getSelectedCandidatePair']>;
  return found && { via: `${found.local.type}-${found.remote.type}`, remote: joinHostPort(found.remote.address, found.remote.port) };
}

interface Held {
  readonly face: DataChannel;
  end(): void;
  /**
   * Looks whether the other end closed it, and nothing comes any more. The library's own word for that travels on another way than messages
   * and overtakes them; when it is heard, all but the first thousand are dropped.
   */
  look(): void;
}

function channelOf(connection: Library.PeerConnection, label: string, { id, protocol, lossy }: ChannelOptions, forget: () => void): Held {
  const native = connection.createDataChannel(label, { negotiated: true, id, protocol, ...(lossy ? { unordered: true, maxPacketLifeTime: lossy.lifetimeMs } : {}) });
  const opened = Promise.withResolvers<void>();
  const closed = Promise.withResolvers<void>();
  const unheard: Uint8Array[] = [];
  let unheardBytes = 0;
  let hear: ((bytes: Uint8Array) => void) | undefined;
  let over = false;
  let wasOpen = false;
  let heard = 0;
  let heardAtEnd: number | undefined;
  const end = (): void => {
    if (over) return;
    over = true;
    quietly(() => native.close());
    closed.resolve();
    forget();
  };
  native.onOpen(safely(() => {
    wasOpen = true;
    opened.resolve();
  }));
  native.onError(safely(() => {}));
  // Heard from the first moment: what nobody takes from the library blocks threads that all connections share.
  native.onMessage(safely((message: string | Buffer | ArrayBuffer) => {
    const bytes = typeof message === 'string' ? Buffer.from(message) : message instanceof ArrayBuffer ? Buffer.from(message) : message;
    heard++;
    if (hear) return hear(bytes);
    unheardBytes += bytes.length + 64;
    if (unheardBytes > unheardBytesMax) end();
    else unheard.push(bytes);
  }));
  // On a connection that is up already a negotiated channel is open at once, and nobody tells.
  wasOpen = native.isOpen();
  if (wasOpen) opened.resolve();
  const face: DataChannel = {
    opened: opened.promise,
    closed: closed.promise,
    buffered: () => (over ? 0 : native.bufferedAmount()),
    send: (bytes) => !over && quietly(() => native.sendMessageBinary(bytes)) === 'done',
    onMessage: (receive) => {
      hear = receive;
      for (const bytes of unheard.splice(0)) receive(bytes);
    },
    onDrained: (low, see) => {
      if (over) return;
      native.setBufferedAmountLowThreshold(low);
      native.onBufferedAmountLow(safely(see));
    },
    close: end,
  };
  return {
    face, end,
    look: () => {
      if (native.isOpen()) {
        wasOpen = true;
        opened.resolve();
      } else if (wasOpen) {
        // What came before the end was handed over between two looks, if there was any.
        if (heardAtEnd === heard) end();
        heardAtEnd = heard;
      }
    },
  };
}

/** The library calls back from its own threads: what is thrown there ends the process. */
function safely<Args extends unknown[]>(run: (...args: Args) => void): (...args: Args) => void {
  return (...args) => {
    try {
      run(...args);
    } catch (error) {
      setImmediate(() => {
        throw error;
      });
    }
  };
}

/** For calls that throw when the other end was quicker, or on what it sent. */
function quietly(run: () => unknown): 'done' | 'refused' {
  try {
    run();
    return 'done';
  } catch {
    return 'refused';
  }
}
