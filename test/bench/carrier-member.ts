import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { type Identity } from '../../src/base/identity.ts';
import { type NatReport, type Proposal } from '../../src/gen/webmesh/paths/v1/paths_messages.ts';
import { type CarrierAttempt } from '../../src/node/path-ports.ts';
import { proposal, type Server } from '../system/nat/member.ts';

export type CarrierName = 'ice' | 'channel' | 'turn' | 'stream';

export interface CarrierSetting {
  readonly id: string;
  readonly peer: string;
  /** Bare address that this end binds to, and the other end's. */
  readonly host: string;
  readonly peerHost: string;
  /** The tunnel's port on this machine. */
  readonly near: number;
  /** For TURN. */
  readonly servers: readonly Server[];
  /** For streams: host:port of the relay, and who this end is. */
  readonly relay: string;
  readonly identity: Identity | null;
}

export type CarrierAsk =
  | { readonly do: 'plain'; readonly near: number; readonly host: string }
  | { readonly do: 'far'; readonly far: string }
  | ({ readonly do: 'begin'; readonly kind: CarrierName; readonly role: 'offering' | 'answering'; readonly theirs: Proposal | null } & CarrierSetting)
  | { readonly do: 'proceed'; readonly theirs: Proposal | null }
  | { readonly do: 'serve-turn'; readonly host: string }
  | { readonly do: 'serve-stream'; readonly host: string; readonly identity: Identity }
  /** On the data channel itself, past the carrier: send messages of so many bytes for ever; count what comes; bytes so far. */
  | { readonly do: 'flood'; readonly bytes: number }
  | { readonly do: 'count' | 'counted' }
  | { readonly do: 'cpu' };

/** A process that holds one end of a carrier, or a relay: carrier-process.ts. */
export interface CarrierMember {
  ask<T = unknown>(ask: CarrierAsk): Promise<T>;
  /** Microseconds of processor time so far. */
  cpuMicros(): Promise<number>;
  end(): void;
}

const nat: NatReport = { mapping: 0, publicIpv4: '203.0.113.1', publicIpv6: '', tunnelEndpoints: [], portMapping: '' };

/** In a session of its own, as the helper gives it to the node process: the scheduler shares time between sessions. */
export function carrierMember(namespace: string | null): CarrierMember {
  const [command, ...args] = [...(namespace === null ? [] : ['ip', 'netns', 'exec', namespace]), process.execPath, fileURLToPath(new URL('carrier-process.ts', import.meta.url))];
  const child = spawn(command as string, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], serialization: 'advanced', detached: true });
  const ask = <T>(question: CarrierAsk): Promise<T> => new Promise((resolve, reject) => {
    const gone = (): void => reject(new Error(`the process of a carrier ended when it was asked to ${question.do}`));
    child.once('exit', gone);
    child.once('message', (answer: { readonly value?: T; readonly failed?: string }) => {
      child.off('exit', gone);
      if (answer.failed === undefined) resolve(answer.value as T);
      else reject(new Error(answer.failed));
    });
    child.send(question);
  });
  return {
    ask, cpuMicros: () => ask({ do: 'cpu' }),
    end: () => {
      if (child.connected) child.disconnect();
    },
  };
}

/** Brings two ends together as two path finders would; resolves with where each tunnel is to send. */
export async function agree(kind: Exclude<CarrierName, 'turn'>, [a, b]: readonly [CarrierMember, CarrierMember], [near, far]: readonly [CarrierSetting, CarrierSetting]): Promise<readonly [string, string]> {
  const begin = (member: CarrierMember, role: 'offering' | 'answering', theirs: Proposal | null, setting: CarrierSetting): Promise<CarrierAttempt['mine']> =>
    member.ask({ do: 'begin', kind, role, theirs, ...setting });
  const offer = proposal(await begin(a, 'offering', null, near), nat);
  const answer = proposal(await begin(b, 'answering', offer, far), nat);
  return Promise.all([a.ask<string>({ do: 'proceed', theirs: answer }), b.ask<string>({ do: 'proceed', theirs: offer })]);
}

/**
 * One end gets an address at a relay, and the other tunnel sends there by itself. The other tunnel speaks first: the relay's client follows who sent last.
 */
export async function agreeTurn(member: CarrierMember, near: CarrierSetting): Promise<readonly [string, string]> {
  const offer = proposal(await member.ask({ do: 'begin', kind: 'turn', role: 'offering', theirs: null, ...near }), nat);
  return [await member.ask<string>({ do: 'proceed', theirs: proposal({}, nat) }), offer.turnEndpoint];
}

/** As `agree`, for plain sockets. */
export async function agreePlain([a, b]: readonly [CarrierMember, CarrierMember], [near, far]: readonly [CarrierSetting, CarrierSetting]): Promise<readonly [string, string]> {
  const ends = await Promise.all([a.ask<string>({ do: 'plain', near: near.near, host: near.host }), b.ask<string>({ do: 'plain', near: far.near, host: far.host })]);
  const [[innerA = '', outerA = ''], [innerB = '', outerB = '']] = ends.map((each) => each.split(' ')) as [string[], string[]];
  await Promise.all([a.ask({ do: 'far', far: outerB }), b.ask({ do: 'far', far: outerA })]);
  return [innerA, innerB];
}

/** A setting of a test on loopback, or on what else both ends can bind to. */
export function setting(own: Partial<CarrierSetting> & Pick<CarrierSetting, 'near'>): CarrierSetting {
  return { id: 'a', peer: 'b', host: '127.0.0.1', peerHost: '127.0.0.1', servers: [], relay: '', identity: null, ...own };
}
