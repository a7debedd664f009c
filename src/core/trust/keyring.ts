import { z } from 'zod';
import { type Cell, cell, type ReadCell } from '../../base/cell.ts';
import { failure } from '../../base/failure.ts';
import { type Identity, type Role, roles } from '../../base/identity.ts';
import type { Secrets } from '../ports.ts';
import { readAs } from '../../contract/read-as.ts';
import { fromBase, toBase64 } from './bytes.ts';

/** Everything secret that this device holds of one network. Keys are PKCS#8 DER, certificates DER. Never logged, never in a topic. */
export interface NetworkSecrets {
  /** The device's own key. Made before anybody is asked, so that a lost answer can be asked for again. */
  readonly key: Uint8Array;
  /** Certificate, authority, root. Empty until the mesh enrolled this device. */
  readonly chain: readonly Uint8Array[];
  /** As the mesh said last. */
  readonly role: Role | null;
  /** A voter's own authority; its chain is empty while the root's keeper has not granted it. */
  readonly authority: { readonly key: Uint8Array; readonly chain: readonly Uint8Array[] } | null;
  readonly rootKey: Uint8Array | null;
  /** The root's key was here and was taken away by its owner. */
  readonly rootRemoved: boolean;
  readonly rootExported: boolean;
  /** The link that waits to be redeemed. */
  readonly invite: string | null;
  /** Why the mesh will not take this device any more, whatever is tried; null while it may. */
  readonly refused: 'auth.revoked' | 'auth.expired' | null;
}

export interface Keyring {
  /** What was read or written in this life, by profile. */
  readonly known: ReadCell<ReadonlyMap<string, NetworkSecrets>>;
  /** Null when there is nothing. Throws internal.secrets for what cannot be read; nothing is overwritten then. */
  load(profile: string): Promise<NetworkSecrets | null>;
  /** As load; throws internal.secrets also when there is nothing. */
  need(profile: string): Promise<NetworkSecrets>;
  /** Keeps the first value of a new network. */
  create(profile: string, secrets: NetworkSecrets): Promise<void>;
  /** Replaces the whole value, one change after the other. Throws as need does. */
  change(profile: string, change: (old: NetworkSecrets) => NetworkSecrets): Promise<NetworkSecrets>;
  remove(profile: string): Promise<void>;
}

/** A new value with nothing in it but a key. */
export function withKey(key: Uint8Array): NetworkSecrets {
  return { key, chain: [], role: null, authority: null, rootKey: null, rootRemoved: false, rootExported: false, invite: null, refused: null };
}

/** The mesh's root certificate, once it is known. */
export function rootOf({ chain }: Pick<NetworkSecrets, 'chain'>): Uint8Array | undefined {
  return chain.at(-1);
}

/** What handshakes are made with; null before enrolment. An authority without a certificate signs nothing yet. */
export function identityOf({ key, chain, authority }: NetworkSecrets): Identity | null {
  if (chain.length === 0) return null;
  return { privateKey: key, chain, authority: authority && authority.chain.length > 0 ? { privateKey: authority.key, chain: authority.chain } : null };
}

export function createKeyring(secrets: Secrets): Keyring {
  const known: Cell<ReadonlyMap<string, NetworkSecrets>> = cell<ReadonlyMap<string, NetworkSecrets>>(new Map());
  let turn: Promise<unknown> = Promise.resolve();

  /** One after the other: a change is made to what the last one left. */
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const next = turn.then(work, work);
    turn = next.catch(() => {}); // Whoever asked hears of it.
    return next;
  }
  function remember(profile: string, value: NetworkSecrets | null): void {
    const next = new Map(known.get());
    if (value) next.set(profile, value);
    else next.delete(profile);
    known.set(next);
  }
  async function read(profile: string): Promise<NetworkSecrets | null> {
    const here = known.get().get(profile);
    if (here) return here;
    const text = await secrets.load(nameOf(profile));
    if (text === undefined) return null;
    const value = parse(text);
    remember(profile, value);
    return value;
  }
  async function need(profile: string): Promise<NetworkSecrets> {
    const value = await read(profile);
    if (!value) throw failure('internal.secrets', { problem: 'the keys of this network are not on this device' });
    return value;
  }
  async function write(profile: string, value: NetworkSecrets): Promise<void> {
    await secrets.save(nameOf(profile), print(value));
    remember(profile, value);
  }
  return {
    known,
    load: (profile) => inTurn(() => read(profile)),
    need: (profile) => inTurn(() => need(profile)),
    create: (profile, value) => inTurn(() => write(profile, value)),
    change: (profile, change) => inTurn(async () => {
      const next = change(await need(profile));
      await write(profile, next);
      return next;
    }),
    remove: (profile) => inTurn(async () => {
      await secrets.remove(nameOf(profile));
      remember(profile, null);
    }),
  };
}

const der = z.string().min(1).max(16_384).transform((text, context) => {
  const bytes = fromBase(text, 'base64');
  if (bytes) return bytes;
  context.addIssue('not base64');
  return z.NEVER;
});
const chain = z.array(der).max(4);
const schema = z.strictObject({
  format: z.literal(1),
  key: der,
  chain,
  role: z.enum(roles).nullable(),
  authority: z.strictObject({ key: der, chain }).nullable(),
  rootKey: der.nullable(),
  rootRemoved: z.boolean(),
  rootExported: z.boolean(),
  invite: z.string().max(4_096).nullable(),
  refused: z.enum(['auth.revoked', 'auth.expired']).nullable(),
});

function nameOf(profile: string): string {
  return `network-${profile}`;
}

/** Says that it is damaged and nothing of what is in it. */
function parse(text: string): NetworkSecrets {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw failure('internal.secrets', { problem: 'the stored keys of this network are damaged' });
  }
  const parsed = readAs(schema, value);
  if (!parsed.success) throw failure('internal.secrets', { problem: 'the stored keys of this network are damaged' });
  const { format: _format, ...secrets } = parsed.data;
  return secrets;
}

function print({ key, chain, authority, rootKey, ...rest }: NetworkSecrets): string {
  return JSON.stringify({
    format: 1, key: toBase64(key), chain: chain.map(toBase64),
    authority: authority && { key: toBase64(authority.key), chain: authority.chain.map(toBase64) },
    rootKey: rootKey && toBase64(rootKey), ...rest,
  });
}
