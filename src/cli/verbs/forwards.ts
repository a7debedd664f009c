import { failure, toData } from '../../base/failure.ts';
import { joinHostPort } from '../../base/ip.ts';
import { type Client } from '../../contract/client.ts';
import { type ForwardView } from '../../contract/state.ts';
import { present } from '../../contract/wait.ts';
import { sentence } from '../../contract/words.ts';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import { bytes, jsonText, plain, table } from '../format.ts';
import { parseForward } from '../forward-spec.ts';
import { checked } from '../input.ts';
import { text } from '../outcome.ts';
import { findPeer } from '../profile-names.ts';
import { type Context, type Verb } from '../verb.ts';

/** How often counters are printed while they change. */
const printEveryMs = 10_000;
const closeMs = 3_000;

const forward: Verb = {
  words: ['forward'],
  about: 'Carry connections to a port of this machine to an address that a peer reaches and shares; runs until Ctrl-C',
  command: 'forward.open',
  positionals: [{ name: 'peer' }, { name: 'forward' }],
  without: ['peer', 'protocol', 'localAddress', 'localPort', 'remoteAddress', 'remotePort'],
  flags: [
    { name: 'udp', kind: 'switch', about: 'datagrams instead of connections' },
    { name: 'address', kind: 'text', about: 'address of this machine to listen on; 127.0.0.1 when not given' },
  ],
  run: async (context) => {
    const client = await context.client();
    const { id } = findPeer(await present(client, 'peers'), String(context.args.peer));
    const localAddress = text(context.args.address);
    const input = { peer: id, protocol: context.args.udp === true ? 'udp' : 'tcp', ...parseForward(String(context.args.forward)), ...(localAddress === undefined ? {} : { localAddress }) };
    const { forward: opened } = await client.call('forward.open', checked('forward.open', input), context.world.interrupted);
    context.show({ forward: opened }, `${endsOf(opened)}. Ctrl-C ends it.\n`);
    return watch(context, client, opened);
  },
};

/** Prints counters and trouble until somebody ends it: a person here (which is how it ends well), another shell, or the app. */
function watch(context: Context, client: Client, opened: ForwardView): Promise<ExitCode> {
  const { clock, interrupted, complain } = context.world;
  let last = opened;
  let printed = opened;
  let printedMs = clock.monotonicMs();
  const print = (): void => {
    if (countersOf(last) === countersOf(printed)) return;
    context.show({ forward: last }, `${countersOf(last)}\n`);
    printed = last;
    printedMs = clock.monotonicMs();
  };
  return new Promise((resolve, reject) => {
    let seen = false;
    const end = (finish: () => void): void => {
      stop();
      interrupted.removeEventListener('abort', close);
      print();
      finish();
    };
    const close = (): void => end(() => void closing(context, client, opened.id).then(() => resolve(exitCodes.ok), reject));
    const look = ({ forwards }: { readonly forwards: readonly ForwardView[] }): void => {
      const now = forwards.find(({ id }) => id === opened.id);
      // The first value may be from before it was opened.
      if (!now) return seen ? end(() => resolve(closedElsewhere(context))) : undefined;
      seen = true;
      if (now.problem && now.problem.code !== last.problem?.code) complain(`webmesh: ${Object.values(sentence(now.problem)).map(plain).join(' ')}\n`);
      last = now;
      if (clock.monotonicMs() - printedMs >= printEveryMs) print();
    };
    let stop = (): void => {};
    client.onClose(() => end(() => reject(failure('app.not-running'))));
    interrupted.addEventListener('abort', close, { once: true });
    stop = client.watch('paths', look);
    if (interrupted.aborted) close();
  });
}

function closedElsewhere({ json, world }: Context): ExitCode {
  const words = { what: 'The forward was closed elsewhere, or its network was left.', next: '"webmesh forwards" lists those that are open.' };
  world.complain(json ? jsonText({ failure: toData(failure('mesh.not-found', { name: 'forward' })), ...words }) : `webmesh: ${words.what}\n${words.next}\n`);
  return exitCodes.failed;
}

/** The one call that is made after Ctrl-C. An app that does not answer any more has no forward either. */
async function closing({ world }: Context, client: Client, id: string): Promise<void> {
  const late = new Promise<void>((resolve) => world.clock.after(closeMs, resolve));
  await Promise.race([client.call('forward.close', { id }).catch(() => {}), late]);
}

const forwards: Verb = {
  words: ['forwards'],
  about: 'The forwards that are open, with what they carried',
  run: async (context) => {
    const { forwards: list } = await present(await context.client(), 'paths');
    const rows = list.map((one) => [one.id, localOf(one), one.peer, remoteOf(one), one.protocol, String(one.connections), bytes(one.sentBytes), bytes(one.receivedBytes), one.problem === null ? '' : sentence(one.problem).what]);
    context.show({ forwards: list }, table(['ID', 'HERE', 'PEER', 'THERE', 'KIND', 'OPEN', 'SENT', 'RECEIVED', 'PROBLEM'], rows));
    return exitCodes.ok;
  },
};

const close: Verb = {
  words: ['forwards', 'close'],
  about: 'End a forward',
  command: 'forward.close',
  positionals: [{ name: 'id', field: 'id' }],
  run: async (context) => {
    const { id } = checked('forward.close', context.input);
    await (await context.client()).call('forward.close', { id }, context.world.interrupted);
    context.show({ id }, 'The forward was ended.\n');
    return exitCodes.ok;
  },
};

function endsOf(one: ForwardView): string {
  return `${localOf(one)} (${one.protocol}) leads to ${remoteOf(one)} at ${plain(one.peer)}`;
}

function localOf({ localAddress, localPort }: ForwardView): string {
  return joinHostPort(localAddress, localPort);
}

function remoteOf({ remoteAddress, remotePort }: ForwardView): string {
  return joinHostPort(remoteAddress, remotePort);
}

function countersOf({ connections, sentBytes, receivedBytes }: ForwardView): string {
  return `${connections} open, sent ${bytes(sentBytes)}, received ${bytes(receivedBytes)}`;
}

export const forwardVerbs: readonly Verb[] = [forward, forwards, close];
