import { type Input } from '../../contract/commands.ts';
import { present } from '../../contract/wait.ts';
import { clearText, red } from '../colours.ts';
import { exitCodes } from '../exit-codes.ts';
import { plain, table } from '../format.ts';
import { checked } from '../input.ts';
import { findProfile } from '../profile-names.ts';
import { type Context, type Verb } from '../verb.ts';
import { addOld } from './join.ts';

const clearWord = 'CLEAR TEXT';

const list: Verb = {
  words: ['profile', 'list'],
  about: 'The networks that this machine knows',
  run: async (context) => {
    const { list: profiles, selected } = await present(await context.client(), 'profiles');
    const rows = profiles.map(({ id, name, kind, nodeId, address, insecure, session, colour, suffix, autoConnect }) => [id === selected ? '*' : '', name, id, kind, session.phase, nodeId, address, suffix, colour, autoConnect ? 'yes' : '', insecure ? clearWord : '']);
    const shown = profiles.length === 0 ? 'No network yet: "webmesh profile create NAME" or "webmesh join LINK".\n' : table(['', 'NAME', 'ID', 'KIND', 'STATE', 'DEVICE', 'ADDRESS', 'NAMES END IN', 'COLOUR', 'AT START', ''], rows);
    context.show({ selected, profiles }, shown.replaceAll(`${clearWord}\n`, `${red(clearWord, context.world)}\n`));
    return exitCodes.ok;
  },
};

const create: Verb = {
  words: ['profile', 'create'],
  about: 'Create a network on this machine',
  command: 'mesh.create',
  positionals: [{ name: 'name', field: 'name' }],
  run: (context) => add(context, async () => {
    const made = await (await context.client()).call('mesh.create', checked('mesh.create', context.input), context.world.interrupted);
    if (context.args.insecure === true) context.world.complain(`${red(clearText, context.world)}\n`);
    return made;
  }),
};

const join: Verb = {
  words: ['profile', 'join'],
  about: 'Add an old network in clear text, by the address of one of its nodes; needs --insecure',
  command: 'mesh.join',
  positionals: [{ name: 'address', field: 'address' }],
  run: (context) => add(context, async () => ({ profile: await addOld(context, await context.client(), String(context.args.address)) })),
};

async function add(context: Context, ask: () => Promise<{ profile: string }>): Promise<0> {
  const { profile } = await ask();
  context.show({ profile }, `Added ${profile}. "webmesh up ${profile}" connects it.\n`);
  return exitCodes.ok;
}

const select: Verb = {
  words: ['profile', 'select'],
  about: 'Choose the network that is shown, and meant where none is named',
  command: 'profile.select',
  positionals: [{ name: 'profile', field: 'profile' }],
  run: (context) => change(context, 'profile.select', 'Selected'),
};

const rename: Verb = {
  words: ['profile', 'rename'],
  about: 'Rename a network on this machine',
  command: 'profile.rename',
  positionals: [{ name: 'profile', field: 'profile' }, { name: 'name', field: 'name' }],
  run: (context) => change(context, 'profile.rename', 'Renamed'),
};

const mark: Verb = {
  words: ['profile', 'mark'],
  about: "Change a network's colour, its names on this machine, or whether it is connected when the app starts",
  command: 'profile.mark',
  positionals: [{ name: 'profile', field: 'profile' }],
  run: (context) => change(context, 'profile.mark', 'Changed'),
};

const port: Verb = {
  words: ['profile', 'port'],
  about: 'Give a network that is not connected another WireGuard port on this machine; without --wireguard-port one that is free',
  command: 'profile.port',
  positionals: [{ name: 'profile', field: 'profile', optional: true }],
  run: async (context) => {
    const client = await context.client();
    const named = context.args.profile === undefined ? {} : { profile: findProfile(await present(client, 'profiles'), String(context.args.profile)).id };
    const made = await client.call('profile.port', checked('profile.port', { ...context.input, ...named }), context.world.interrupted);
    context.show({ ...made }, `The tunnel of this network listens at UDP port ${made.wireguardPort} from now on.\n`);
    return exitCodes.ok;
  },
};

const remove: Verb = {
  words: ['profile', 'remove'],
  about: 'Forget a network on this machine',
  command: 'profile.remove',
  positionals: [{ name: 'profile', field: 'profile' }],
  run: (context) => change(context, 'profile.remove', 'Removed'),
};

export const profileVerbs: readonly Verb[] = [list, create, join, select, rename, mark, port, remove];

/** Those that name an existing profile, by id or by name. */
async function change<K extends 'profile.select' | 'profile.rename' | 'profile.mark' | 'profile.remove'>(context: Context, command: K, done: string): Promise<0> {
  const client = await context.client();
  const profile = findProfile(await present(client, 'profiles'), String(context.args.profile));
  await client.call(command, checked(command, { ...context.input, profile: profile.id }) as Input<K>, context.world.interrupted);
  context.show({ profile: profile.id }, `${done} ${plain(profile.name)}.\n`);
  return exitCodes.ok;
}
