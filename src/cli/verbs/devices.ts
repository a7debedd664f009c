import { roles } from '../../base/identity.ts';
import { type Client } from '../../contract/client.ts';
import { type DeviceView } from '../../contract/state.ts';
import { present } from '../../contract/wait.ts';
import { consent, yes } from '../consent.ts';
import { fromNow } from '../dates.ts';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import { plain, table } from '../format.ts';
import { checked } from '../input.ts';
import { type Context, type Positional, type Verb } from '../verb.ts';

const device: Positional = { name: 'device', field: 'id' };

const list: Verb = {
  words: ['devices', 'list'],
  about: 'The devices of the network: who may do what, who waits, who was cut off',
  run: async (context) => {
    const { devices } = await present(await context.client(), 'trust');
    const nowMs = context.world.clock.nowMs();
    const order = ['pending', 'active', 'revoked'] as const;
    const sorted = [...devices].sort((a, b) => order.indexOf(a.state) - order.indexOf(b.state));
    const rows = sorted.map((one) => [one.self ? '*' : '', one.id, one.name, stateWords(one), one.role, one.invitedBy, fromNow(one.createdAtMs, nowMs), one.notAfterMs === null ? '' : fromNow(one.notAfterMs, nowMs)]);
    const waiting = sorted.filter(({ state }) => state === 'pending').map((one) => `\n${plain(one.id)} waits to be accepted. Its fingerprint: ${plain(one.keyFingerprint)}\n`);
    context.show(sorted, `${table(['', 'ID', 'NAME', 'STATE', 'ROLE', 'INVITED BY', 'ADDED', 'CERTIFICATE ENDS'], rows)}${waiting.join('')}`);
    return exitCodes.ok;
  },
};

const devices: Verb = { ...list, words: ['devices'] };

function stateWords({ state }: DeviceView): string {
  return state === 'pending' ? 'waits' : state === 'revoked' ? 'cut off' : state;
}

const approve: Verb = {
  words: ['devices', 'approve'],
  about: 'Accept a device that waits, after its fingerprint was compared',
  command: 'device.approve',
  positionals: [device],
  flags: [yes],
  run: (context) => act(context, {
    question: ({ id, keyFingerprint }) => `The fingerprint of ${plain(id)} is\n${plain(keyFingerprint)}\nDoes the person who has it read the same?`,
    call: (client, id) => client.call('device.approve', checked('device.approve', { id }), context.world.interrupted),
    done: (id) => `${id} was accepted.`,
  }),
};

const revoke: Verb = {
  words: ['devices', 'revoke'],
  about: 'Cut a device off, for ever and within seconds',
  command: 'device.revoke',
  positionals: [device],
  flags: [yes],
  run: (context) => act(context, {
    question: ({ id, self }) => `Cut ${self ? 'THIS DEVICE' : plain(id)} off for ever?`,
    call: (client, id) => client.call('device.revoke', checked('device.revoke', { id }), context.world.interrupted),
    done: (id) => `${id} was cut off.`,
  }),
};

const role: Verb = {
  words: ['devices', 'role'],
  about: 'Change what a device may do',
  command: 'device.role',
  positionals: [device, { name: 'role', field: 'role', choices: roles }],
  run: async (context) => {
    const client = await context.client();
    const { id } = await find(client, String(context.args.device));
    await client.call('device.role', checked('device.role', { ...context.input, id }), context.world.interrupted);
    context.show({ id, role: context.args.role }, `${plain(id)} is ${String(context.args.role)} now.\n`);
    return exitCodes.ok;
  },
};

export const deviceVerbs: readonly Verb[] = [devices, list, approve, revoke, role];

interface Act {
  question(device: DeviceView): string;
  call(client: Client, id: string): Promise<unknown>;
  done(id: string): string;
}

/** Asks once about a device that is known. One that is not is left to the core, which knows more and says what is wrong. */
async function act(context: Context, { question, call, done }: Act): Promise<ExitCode> {
  const client = await context.client();
  const found = await find(client, String(context.args.device));
  if ('role' in found && !(await consent(context, question(found)))) {
    context.world.complain('Nothing was changed.\n');
    return exitCodes.failed;
  }
  await call(client, found.id);
  context.show({ id: found.id }, `${plain(done(found.id))}\n`);
  return exitCodes.ok;
}

/** A device by its id, or by its name when only one has it. */
async function find(client: Client, wanted: string): Promise<DeviceView | Pick<DeviceView, 'id'>> {
  const { devices: known } = await present(client, 'trust');
  const named = known.filter(({ name }) => name.toLowerCase() === wanted.toLowerCase());
  return known.find(({ id }) => id === wanted) ?? (named.length === 1 ? named[0] : undefined) ?? { id: wanted };
}
