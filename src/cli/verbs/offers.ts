import { type Client } from '../../contract/client.ts';
import { type OffersView, type ProfileView } from '../../contract/state.ts';
import { present } from '../../contract/wait.ts';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import { failure } from '../../base/failure.ts';
import { kebab } from '../flags.ts';
import { pairs, plain } from '../format.ts';
import { checked } from '../input.ts';
import { findProfile } from '../profile-names.ts';
import { type Context, type Positional, type Verb } from '../verb.ts';

/** What can be switched, and the feature by which the node says that it answers. */
const switches = { iceNegotiation: 'ICE_NEGOTIATION', turnServer: 'TURN_SERVER', meshDns: 'MESH_DNS', prometheus: 'METRICS' } as const;
type Switch = keyof typeof switches;
const names = Object.keys(switches) as readonly Switch[];

const offers: Verb = {
  words: ['offers'],
  about: 'What this machine does for the members of a network; with NAME and on or off: change it',
  command: 'offers.set',
  positionals: [{ name: 'name', optional: true, choices: names.map(kebab) }, { name: 'state', optional: true, choices: ['on', 'off'] }],
  without: ['profile', 'shares', ...names],
  run: async (context) => {
    const client = await context.client();
    const profile = await networkOf(context, client);
    const { name, state } = context.args;
    if (name !== undefined && state === undefined) throw failure('input.invalid', { field: 'state', problem: `"webmesh offers ${String(name)}" needs on or off` });
    const field = names.find((each) => kebab(each) === name);
    const change = { ...context.input, ...(field === undefined ? {} : { [field]: state === 'on' }) };
    if (Object.keys(change).length === 0) return showOffers(context, client, profile, profile.offers);
    return set(context, client, profile, change);
  },
};

async function networkOf(context: Context, client: Client): Promise<ProfileView> {
  const profiles = await present(client, 'profiles');
  const wanted = context.network ?? profiles.selected;
  if (wanted === null) throw failure('input.unknown-profile', { profile: '', hint: 'create a network with "webmesh profile create NAME", or join one with "webmesh join"' });
  return findProfile(profiles, wanted);
}

async function set(context: Context, client: Client, profile: ProfileView, change: Partial<OffersView>): Promise<ExitCode> {
  await client.call('offers.set', checked('offers.set', { profile: profile.id, ...change }), context.world.interrupted);
  return showOffers(context, client, profile, { ...profile.offers, ...change });
}

/** On or off is the wish; whether it answers is told of the network that is connected, and a moment after a change. */
async function showOffers(context: Context, client: Client, profile: ProfileView, now: OffersView): Promise<ExitCode> {
  const [session, node] = await Promise.all([present(client, 'session'), present(client, 'node')]);
  const running = session.phase === 'connected' && session.profile === profile.id && now === profile.offers;
  const answers = (name: Switch): string => (running && now[name] ? (node.features.includes(switches[name]) ? ', answers' : ', does not answer') : '');
  context.show({ profile: profile.id, offers: now }, pairs([
    ...names.map((name): [string, string] => [kebab(name), `${now[name] ? 'on' : 'off'}${answers(name)}`]),
    ['relay-mbit', now.relayMbit === 0 ? '0 (relays nothing)' : String(now.relayMbit)],
    ['shares', now.shares.length === 0 ? 'nothing' : now.shares.join(', ')],
  ]));
  return exitCodes.ok;
}

const protocol: Positional = { name: 'protocol', choices: ['tcp', 'udp'] };
const address: Positional = { name: 'address' };

const list: Verb = {
  words: ['share', 'list'],
  about: 'What members may reach through this machine with "webmesh forward"; nothing else is dialled for them',
  run: async (context) => {
    const { id, offers: { shares } } = await networkOf(context, await context.client());
    context.show({ profile: id, shares }, shares.length === 0 ? 'Nothing is shared.\n' : shares.map((share) => `${plain(share)}\n`).join(''));
    return exitCodes.ok;
  },
};

const add: Verb = {
  words: ['share', 'add'],
  about: 'Let members reach an address through this machine, such as tcp 127.0.0.1:8080',
  positionals: [protocol, address],
  run: (context) => change(context, (shares, share) => [...shares.filter((each) => each !== share), share]),
};

const remove: Verb = {
  words: ['share', 'remove'],
  about: 'Share an address no longer',
  positionals: [protocol, address],
  run: (context) => change(context, (shares, share) => {
    if (!shares.includes(share)) throw failure('input.invalid', { field: 'address', problem: `${share} is not shared; "webmesh share" lists what is` });
    return shares.filter((each) => each !== share);
  }),
};

async function change(context: Context, edit: (shares: readonly string[], share: string) => readonly string[]): Promise<ExitCode> {
  const client = await context.client();
  const profile = await networkOf(context, client);
  const shares = [...edit(profile.offers.shares, `${String(context.args.protocol)} ${String(context.args.address)}`)];
  await client.call('offers.set', checked('offers.set', { profile: profile.id, shares }), context.world.interrupted);
  context.show({ profile: profile.id, shares }, shares.length === 0 ? 'Nothing is shared.\n' : shares.map((share) => `${plain(share)}\n`).join(''));
  return exitCodes.ok;
}

export const offerVerbs: readonly Verb[] = [offers, { ...list, words: ['share'] }, list, add, remove];
