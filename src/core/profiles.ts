import { z } from 'zod';
import { type Cell, cell, type ReadCell } from '../base/cell.ts';
import { failure } from '../base/failure.ts';
import type { ProfilesTopic } from '../contract/state.ts';
import type { Documents } from './ports.ts';

const port = z.number().int().min(1).max(65535);
const profileSchema = z.object({
  id: z.string().regex(/^[a-z0-9]{1,32}$/),
  name: z.string().min(1).max(64),
  kind: z.enum(['host', 'member']),
  nodeId: z.string().min(1).max(63),
  address: z.string().min(1).max(300),
  insecure: z.boolean(),
  grpcPort: port,
  raftPort: port,
  wireguardPort: port,
  asVoter: z.boolean(),
  ipv4Network: z.string().nullable(),
});
const profilesMax = 100;
const documentSchema = z.object({ list: z.array(profileSchema).max(profilesMax), selected: z.string().nullable() });

/** A network that this machine knows: how to reach it and who we are in it. The id names the tunnel, too. */
export type Profile = z.infer<typeof profileSchema>;
export type ProfilesDocument = z.infer<typeof documentSchema>;

export interface Profiles {
  readonly document: ReadCell<ProfilesDocument>;
  /** Throws input.unknown-profile. */
  get(id: string): Profile;
  /** The given one, else the selected one, else the only one. Throws input.unknown-profile. */
  choose(id: string | undefined): Profile;
  add(profile: Profile): Promise<void>;
  select(id: string): Promise<void>;
  rename(id: string, name: string): Promise<void>;
  remove(id: string): Promise<void>;
}

const documentName = 'profiles';

/** Reads the profiles. A document that makes no sense is set aside, so that nothing is lost and the app starts. */
export async function loadProfiles(documents: Documents): Promise<Profiles> {
  const stored = await documents.load(documentName);
  const parsed = documentSchema.safeParse(stored);
  if (stored !== undefined && !parsed.success) await documents.reject(documentName);
  const document: Cell<ProfilesDocument> = cell(parsed.success ? parsed.data : { list: [], selected: null });

  const get = (id: string): Profile => {
    const found = document.get().list.find((profile) => profile.id === id);
    if (!found) throw failure('input.unknown-profile', { profile: id });
    return found;
  };
  /** On disk first: what a topic shows has been kept. */
  const put = async (next: ProfilesDocument): Promise<void> => {
    await documents.save(documentName, next);
    document.set(next);
  };
  return {
    document,
    get,
    choose: (id) => {
      const { list, selected } = document.get();
      const wanted = id ?? selected ?? list[0]?.id;
      if (wanted === undefined) throw failure('input.unknown-profile', { profile: '' });
      return get(wanted);
    },
    add: async (profile) => {
      const { list } = document.get();
      if (list.length >= profilesMax) throw failure('input.limit', { what: 'profiles', most: profilesMax });
      await put({ list: [...list, profile], selected: profile.id });
    },
    select: async (id) => put({ ...document.get(), selected: get(id).id }),
    rename: async (id, name) => {
      const { nodeId } = get(id);
      await put({ ...document.get(), list: document.get().list.map((profile) => (profile.id === id ? { ...profile, name, nodeId } : profile)) });
    },
    remove: async (id) => {
      get(id);
      const list = document.get().list.filter((profile) => profile.id !== id);
      const { selected } = document.get();
      await put({ list, selected: selected === id ? (list[0]?.id ?? null) : selected });
    },
  };
}

/** `hostAddress` is where others can join a network of this machine now; addresses change with the network we are in. */
export function profilesTopic({ list, selected }: ProfilesDocument, hostAddress: (profile: Profile) => string): ProfilesTopic {
  return {
    list: list.map((profile) => {
      const { id, name, kind, nodeId, address, insecure } = profile;
      return { id, name, kind, nodeId, address: kind === 'host' ? hostAddress(profile) : address, insecure };
    }),
    selected,
  };
}
