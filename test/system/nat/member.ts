import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { type NetcheckResponse } from '../../../src/gen/webmesh/local/v1/local.ts';
import { Mapping, type NatReport, type Proposal, type RelayServer } from '../../../src/gen/webmesh/paths/v1/paths_messages.ts';
import { type CarrierAttempt, type PortMapping } from '../../../src/node/path-ports.ts';

/** What goes over a process's standard input: no bigint. */
export type Server = Omit<RelayServer, 'expiresMs'>;

export type MemberAsk =
  | { readonly do: 'know'; readonly servers: readonly Server[]; readonly hosts: readonly string[]; readonly nat: NatReport }
  | { readonly do: 'serve'; readonly hosts: readonly string[]; readonly nodeId: string }
  | { readonly do: 'begin'; readonly kind: 'ice' | 'turn'; readonly role: 'offering' | 'answering'; readonly theirs: Proposal | null; readonly peerNat: NatReport | null }
  | { readonly do: 'proceed'; readonly theirs: Proposal | null }
  | { readonly do: 'send'; readonly text: string }
  | { readonly do: 'map'; readonly moves: number }
  | { readonly do: 'heard' | 'close' | 'netcheck' | 'mapped' | 'unmap' };

type Mine = CarrierAttempt['mine'];

/** A machine in a namespace, with the real carriers and a made-up tunnel. */
export interface Member {
  readonly nat: NatReport;
  know(servers: readonly Server[], hosts: readonly string[], nat?: Partial<NatReport>): Promise<void>;
  serve(hosts: readonly string[], nodeId: string): Promise<Server>;
  begin(kind: 'ice' | 'turn', role: 'offering' | 'answering', theirs: Proposal | null, peerNat: NatReport | null): Promise<Mine>;
  proceed(theirs: Proposal | null): Promise<{ readonly endpoint: string; readonly via: string }>;
  /** The tunnel sends to where the path begins. */
  send(text: string): Promise<void>;
  heard(): Promise<readonly { readonly from: string; readonly text: string }[]>;
  close(): Promise<void>;
  netcheck(): Promise<NetcheckResponse & { readonly tookMs: number }>;
  map(moves: number): Promise<void>;
  mapped(): Promise<{ readonly mapped: PortMapping | null; readonly answers: Readonly<Record<string, string>>; readonly port: number }>;
  unmap(): Promise<void>;
  end(): void;
}

const unknown: NatReport = { mapping: Mapping.MAPPING_UNSPECIFIED, publicIpv4: '', publicIpv6: '', tunnelEndpoints: [], portMapping: '' };

export function memberIn(namespace: string): Member {
  const child = spawn('ip', ['netns', 'exec', namespace, process.execPath, new URL('./member-process.ts', import.meta.url).pathname], { stdio: ['pipe', 'pipe', 'inherit'] });
  const waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (!line.startsWith('{')) return;
    const { id, value, failed } = JSON.parse(line) as { id: number; value?: unknown; failed?: string };
    if (failed === undefined) waiting.get(id)?.resolve(value);
    else waiting.get(id)?.reject(new Error(failed));
    waiting.delete(id);
  });
  let ids = 0;
  const ask = <T>(asked: MemberAsk): Promise<T> => new Promise((resolve, reject) => {
    const id = ++ids;
    waiting.set(id, { resolve: (value) => resolve(value as T), reject });
    child.stdin.write(`${JSON.stringify({ id, ask: asked })}\n`);
  });
  let nat = unknown;
  return {
    get nat() {
      return nat;
    },
    know: (servers, hosts, report = {}) => {
      nat = { ...unknown, ...report };
      return ask({ do: 'know', servers, hosts, nat });
    },
    serve: (hosts, nodeId) => ask({ do: 'serve', hosts, nodeId }),
    begin: (kind, role, theirs, peerNat) => ask({ do: 'begin', kind, role, theirs, peerNat }),
    proceed: (theirs) => ask({ do: 'proceed', theirs }),
    send: (text) => ask({ do: 'send', text }),
    heard: () => ask({ do: 'heard' }),
    close: () => ask({ do: 'close' }),
    netcheck: () => ask({ do: 'netcheck' }),
    map: (moves) => ask({ do: 'map', moves }),
    mapped: () => ask({ do: 'mapped' }),
    unmap: () => ask({ do: 'unmap' }),
    end: () => void child.stdin.end(),
  };
}

/** What travels between two path finders, made of what one side's carrier wants in it. */
export function proposal(mine: Mine, nat: NatReport): Proposal {
  return { session: Buffer.alloc(16), tier: 0, tiers: [], nat, endpoints: [], ice: undefined, turnEndpoint: '', relayNode: '', description: '', candidates: [], refusal: '', ...mine };
}

/** Brings two members together as two path finders would: offer, answer, and both go on. */
export async function meet(kind: 'ice' | 'turn', a: Member, b: Member): Promise<readonly [{ endpoint: string; via: string }, { endpoint: string; via: string }]> {
  const offer = proposal(await a.begin(kind, 'offering', null, b.nat), a.nat);
  const answer = proposal(await b.begin(kind, 'answering', offer, a.nat), b.nat);
  return Promise.all([a.proceed(answer), b.proceed(offer)]);
}
