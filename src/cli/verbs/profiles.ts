import { type Input } from '../../contract/commands.ts';
import { present } from '../../contract/wait.ts';
import { exitCodes } from '../exit-codes.ts';
import { table } from '../format.ts';
import { checked } from '../input.ts';
import { findProfile } from '../profile-names.ts';
import { type Context, type Verb } from '../verb.ts';

const list: Verb = {
  words: ['profile', 'list'],
  about: 'The networks that this machine knows',
  run: async (context) => {
    const { list: profiles, selected } = await present(await context.client(), 'profiles');
    const rows = profiles.map(({ id, name, kind, nodeId, address, insecure }) => [id === selected ? '*' : '', name, id, kind, nodeId, address, insecure ? 'clear text' : '']);
    context.show({ selected, profiles }, profiles.length === 0 ? 'No network yet: "webmesh profile create NAME" or "webmesh profile join ADDRESS".\n' : table(['', 'NAME', 'ID', 'KIND', 'DEVICE', 'ADDRESS', ''], rows));
    return exitCodes.ok;
  },
};

const create: Verb = {
  words: ['profile', 'create'],
  about: 'Create a network on this machine',
  command: 'mesh.create',
  positionals: [{ name: 'name', field: 'name' }],
  run: (context) => add(context, async () => (await context.client()).call('mesh.create', checked('mesh.create', context.input), context.world.interrupted)),
};

const join: Verb = {
  words: ['profile', 'join'],
  about: 'Add a network by the address of one of its nodes',
  command: 'mesh.join',
  positionals: [{ name: 'address', field: 'address' }],
  run: (context) => add(context, async () => (await context.client()).call('mesh.join', checked('mesh.join', { insecure: false, ...context.input }), context.world.interrupted)),
};

async function add(context: Context, ask: () => Promise<{ profile: string }>): Promise<0> {
  const { profile } = await ask();
  context.show({ profile }, `Added ${profile}. "webmesh up ${profile}" connects it.\n`);
  return exitCodes.ok;
}

const select: Verb = {
  words: ['profile', 'select'],
  about: 'Choose the network that Connect uses',
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

const remove: Verb = {
  words: ['profile', 'remove'],
  about: 'Forget a network on this machine',
  command: 'profile.remove',
  positionals: [{ name: 'profile', field: 'profile' }],
  run: (context) => change(context, 'profile.remove', 'Removed'),
};

export const profileVerbs: readonly Verb[] = [list, create, join, select, rename, remove];

/** The three that name an existing profile, by id or by name. */
async function change<K extends 'profile.select' | 'profile.rename' | 'profile.remove'>(context: Context, command: K, done: string): Promise<0> {
  const client = await context.client();
  const profile = findProfile(await present(client, 'profiles'), String(context.args.profile));
  await client.call(command, checked(command, { ...context.input, profile: profile.id }) as Input<K>, context.world.interrupted);
  context.show({ profile: profile.id }, `${done} ${profile.name}.\n`);
  return exitCodes.ok;
}
