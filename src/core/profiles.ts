import { z } from 'zod';
import { unreachable } from '../base/assert.ts';
import { type Cell, cell, type ReadCell } from '../base/cell.ts';
import { failure } from '../base/failure.ts';
import { inTurns } from '../base/in-turn.ts';
import { networkColours, suffixPattern } from '../contract/networks.ts';
import type { ProfilesTopic, SessionTopic, Standing } from '../contract/state.ts';
import { readAs } from '../contract/read-as.ts';
import { checkSuffix, type NetworkMarks, withMarks } from './network-marks.ts';
import { offersOf } from './paths/offers.ts';
import type { Documents } from './ports.ts';

const port = z.number().int().min(1).max(65535);
export const portNames = ['grpcPort', 'raftPort', 'wireguardPort'] as const;
export type PortName = (typeof portNames)[number];
const offersSchema = z.strictObject({
  iceNegotiation: z.boolean(),
  turnServer: z.boolean(),
  meshDns: z.boolean(),
  prometheus: z.boolean(),
  relayMbit: z.number().int().min(0).max(10_000),
  shares: z.array(z.string().max(64)).max(32),
});
const profileSchema = z.object({
  id: z.string().regex(/^[a-z0-9]{1,32}$/),
  name: z.string().min(1).max(64),
  kind: z.enum(['host', 'member']),
  nodeId: z.string().min(1).max(63),
  address: z.string().min(1).max(300),
  /** Mutual TLS, or clear text, which was asked for by name. */
  trust: z.enum(['mtls', 'clear-text']).optional(),
  /** How older versions said `clear-text`. */
  insecure: z.boolean().optional(),
  /** Of the invite: where the mesh answers, and who must prove itself there. Empty on hosts and in clear text. */
  endpoints: z.array(z.strictObject({ nodeId: z.string().min(1).max(63), address: z.string().min(1).max(300) })).max(4).default([]),
  /** SHA-256 of the mesh's root certificate, lower-case hex: what two invites of one mesh have in common. Null in clear text. */
  rootFingerprint: z.string().regex(/^[0-9a-f]{64}$/).nullable().default(null),
  grpcPort: port,
  raftPort: port,
  wireguardPort: port,
  asVoter: z.boolean(),
  ipv4Network: z.string().nullable(),
  /** What this machine does for the members; left out: what its kind does by itself. */
  offers: offersSchema.optional(),
  colour: z.enum(networkColours).optional(),
  suffix: z.string().regex(suffixPattern).optional(),
  /** Whether programs of this machine find the network's devices by name; left out: they do. */
  names: z.boolean().optional(),
  /** Left out: it is connected when somebody says so. */
  autoConnect: z.boolean().optional(),
  /** The ports that a person chose, which no other takes the place of. Left out by older versions: those that are not the usual ones. */
  chosenPorts: z.array(z.enum(portNames)).max(portNames.length).optional(),
}).transform(({ insecure, trust, ...rest }) => ({ ...rest, trust: trust ?? (insecure === true ? 'clear-text' as const : 'mtls' as const) }));
const profilesMax = 100;
const documentSchema = z.object({ list: z.array(profileSchema).max(profilesMax).transform((list) => withMarks(list)), selected: z.string().nullable() });

/** A network that this machine knows: how to reach it and who we are in it. The id names the tunnel, too. */
export type Profile = Omit<z.infer<typeof profileSchema>, keyof NetworkMarks> & NetworkMarks;
/** One that is about to be kept, and gets its marks then. */
export type NewProfile = Omit<Profile, keyof NetworkMarks>;
export type ProfilesDocument = z.infer<typeof documentSchema>;

export interface Profiles {
  readonly document: ReadCell<ProfilesDocument>;
  /** Throws input.unknown-profile. */
  get(id: string): Profile;
  /** The given one, else the selected one, else the only one. Throws input.unknown-profile. */
  choose(id: string | undefined): Profile;
  add(profile: NewProfile): Promise<void>;
  select(id: string): Promise<void>;
  rename(id: string, name: string): Promise<void>;
  /** Throws input.invalid for a suffix that is none, or that another network has. */
  mark(id: string, marks: Partial<NetworkMarks>): Promise<void>;
  /** What the mesh decided (another node id, other ends), what this machine is to do for the members, and what a person wants of it here. */
  update(id: string, change: Partial<Pick<Profile, 'nodeId' | 'endpoints' | 'address' | 'offers' | 'names' | 'autoConnect' | 'chosenPorts' | PortName>>): Promise<void>;
  /** Puts a new profile in the place of an old one, whose marks it takes over, and selects it. */
  replace(old: string, profile: NewProfile): Promise<void>;
  remove(id: string): Promise<void>;
}

const documentName = 'profiles';

/** Reads the profiles. A document that makes no sense is set aside, so that nothing is lost and the app starts. */
export async function loadProfiles(documents: Documents): Promise<Profiles> {
  const stored = await documents.load(documentName);
  const parsed = readAs(documentSchema, stored);
  if (stored !== undefined && !parsed.success) await documents.reject(documentName);
  const document: Cell<ProfilesDocument> = cell(parsed.success ? parsed.data : { list: [], selected: null });

  const get = (id: string): Profile => {
    const found = document.get().list.find((profile) => profile.id === id);
    if (!found) throw failure('input.unknown-profile', { profile: id });
    return found;
  };
  const inTurn = inTurns();
  /** On disk first: what a topic shows has been kept. One change after the other, each of what the one before it left: several sessions write here. */
  const put = (change: (now: ProfilesDocument) => ProfilesDocument): Promise<void> => inTurn(async () => {
    const next = change(document.get());
    await documents.save(documentName, next);
    document.set(next);
  });
  const edit = (id: string, change: (profile: Profile) => Profile): Promise<void> => put((now) => {
    get(id);
    return { ...now, list: now.list.map((profile) => (profile.id === id ? change(profile) : profile)) };
  });
  return {
    document,
    get,
    choose: (id) => {
      const { list, selected } = document.get();
      const wanted = id ?? selected ?? list[0]?.id;
      if (wanted === undefined) throw failure('input.unknown-profile', { profile: '' });
      return get(wanted);
    },
    add: (profile) => put(({ list }) => {
      if (list.length >= profilesMax) throw failure('input.limit', { what: 'profiles', most: profilesMax });
      return { list: withMarks([...list, profile]), selected: profile.id };
    }),
    select: (id) => put((now) => ({ ...now, selected: get(id).id })),
    rename: (id, name) => edit(id, (profile) => ({ ...profile, name })),
    mark: (id, { colour, suffix }) => edit(id, (profile) => {
      const others = document.get().list.filter((other) => other.id !== id);
      return { ...profile, colour: colour ?? profile.colour, suffix: suffix === undefined ? profile.suffix : checkSuffix(suffix, others) };
    }),
    update: (id, change) => edit(id, (profile) => ({ ...profile, ...change })),
    replace: (old, profile) => put(({ list }) => {
      const { colour, suffix, autoConnect } = get(old);
      return { list: list.map((present) => (present.id === old ? { ...profile, colour, suffix, ...(autoConnect === undefined ? {} : { autoConnect }) } : present)), selected: profile.id };
    }),
    remove: (id) => put((now) => {
      get(id);
      const list = now.list.filter((profile) => profile.id !== id);
      return { list, selected: now.selected === id ? (list[0]?.id ?? null) : now.selected };
    }),
  };
}

export interface ProfileFacts {
  /** Where others can join a network of this machine now; addresses change with the network we are in. */
  readonly hostAddress: (profile: Profile) => string;
  readonly standing: (profile: Profile) => Standing;
}

export function profilesTopic({ list, selected }: ProfilesDocument, { hostAddress, standing }: ProfileFacts): ProfilesTopic {
  return {
    list: list.map((profile) => {
      const { id, name, kind, nodeId, address, trust, colour, suffix, names = true, autoConnect = false } = profile;
      return { id, name, kind, nodeId, address: kind === 'host' ? hostAddress(profile) : address, offers: offersOf(profile), insecure: trust === 'clear-text', colour, suffix, names, autoConnect, session: standing(profile) };
    }),
    selected,
  };
}

/** In brief how this machine stands in a network; undefined: nothing was wished for it in this life. */
export function standingOf(session: SessionTopic | undefined): Standing {
  const none = { want: session?.want ?? 'disconnected', sinceMs: null, degraded: null, why: null, interfaceName: null } as const;
  if (!session) return { ...none, phase: 'disconnected' };
  switch (session.phase) {
    case 'connected': return { ...none, phase: session.phase, sinceMs: session.sinceMs, degraded: session.degraded?.kind ?? null, interfaceName: session.tunnel.interfaceName || null };
    case 'authorising': case 'joining': case 'configuring': return { ...none, phase: session.phase, sinceMs: session.sinceMs };
    case 'reconnecting': return { ...none, phase: session.phase, why: session.cause };
    case 'blocked': return { ...none, phase: session.phase, why: session.failure };
    case 'disconnected': case 'disconnecting': return { ...none, phase: session.phase };
    default: return unreachable(session);
  }
}
