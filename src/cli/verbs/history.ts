import { failure } from '../../base/failure.ts';
import type { HistoryAbout } from '../../contract/history.ts';
import { present } from '../../contract/wait.ts';
import { exitCodes } from '../exit-codes.ts';
import { plain } from '../format.ts';
import { hostHistory, networkHistory, peerHistory } from '../history-text.ts';
import { checked } from '../input.ts';
import { findPeer } from '../profile-names.ts';
import { type Context, type Verb } from '../verb.ts';

const hoursMax = 24;

const history: Verb = {
  words: ['history'],
  about: 'What was measured here in the last 24 hours: this device and its network, or one peer',
  command: 'history.read',
  also: ['history.export'],
  positionals: [{ name: 'peer', optional: true }],
  flags: [
    { name: 'hours', kind: 'number', about: `only so many hours (1 to ${hoursMax})` },
    { name: 'csv', kind: 'switch', about: 'write it to files as comma-separated values, and print where' },
  ],
  without: ['about', 'fromMs', 'toMs'],
  run: async (context) => {
    const client = await context.client();
    const hours = hoursOf(context.args.hours);
    const nowMs = context.world.clock.nowMs();
    const range = hours === hoursMax ? {} : { fromMs: Math.max(0, nowMs - Math.round(hours * 3_600_000)) };
    const about = await subjects(context);
    const inputs = about.map((one) => checked('history.read', { about: one, ...range }));
    if (context.args.csv === true) {
      const written = await Promise.all(inputs.map((input) => client.call('history.export', input, context.world.interrupted)));
      const paths = written.map(({ path }) => path);
      context.show({ paths }, paths.map((path) => `${path}\n`).join(''));
      return exitCodes.ok;
    }
    const [first, network] = await Promise.all(inputs.map(async (input) => (await client.call('history.read', input, context.world.interrupted)).history));
    const window = { nowMs, hours };
    const [subject] = about;
    if (typeof subject === 'object') context.show(first, `${plain(subject.peer)}, last ${hours} h\n${first ? peerHistory(first, window) : ''}`);
    else context.show({ host: first, network }, `This device, last ${hours} h\n${first ? hostHistory(first, window) : ''}\nThe network\n${network ? networkHistory(network, window) : ''}`);
    return exitCodes.ok;
  },
};

function hoursOf(given: string | number | boolean | undefined): number {
  if (typeof given !== 'number') return hoursMax;
  if (given >= 1 && given <= hoursMax) return given;
  throw failure('input.invalid', { field: 'hours', problem: `--hours is a number from 1 to ${hoursMax}` });
}

async function subjects({ client, args }: Context): Promise<readonly HistoryAbout[]> {
  if (typeof args.peer !== 'string') return ['host', 'network'];
  return [{ peer: findPeer(await present(await client(), 'peers'), args.peer).id }];
}

const clear: Verb = {
  words: ['history', 'clear'],
  about: 'Forget what was measured, of this device and of the selected network',
  command: 'history.clear',
  run: async (context) => {
    await (await context.client()).call('history.clear', {}, context.world.interrupted);
    context.show({ cleared: true }, 'Forgotten.\n');
    return exitCodes.ok;
  },
};

export const historyVerbs: readonly Verb[] = [history, clear];
