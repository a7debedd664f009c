import { isAbort } from '../base/abort.ts';
import { asFailure, isFailure, toData, type Failure } from '../base/failure.ts';
import { type Client } from '../contract/client.ts';
import { sentence } from '../contract/words.ts';
import { exitCodeOf, exitCodes, type ExitCode } from './exit-codes.ts';
import { jsonText, plain } from './format.ts';
import { help } from './help.ts';
import { present } from '../contract/wait.ts';
import { networkClient } from './network-client.ts';
import { findProfile } from './profile-names.ts';
import { parse, type Parsed } from './parse.ts';
import { type Context } from './verb.ts';
import { verbs } from './verbs.ts';
import { type World } from './world.ts';

/** Runs one command line. Never throws: whatever happens becomes one sentence, the next step and an exit code. */
export async function run(argv: readonly string[], world: World): Promise<ExitCode> {
  try {
    const parsed = parse(argv, verbs);
    switch (parsed.kind) {
      case 'version':
        world.print(`webmesh ${world.version}\n`);
        return exitCodes.ok;
      case 'help':
        world.print(help(parsed.words, verbs));
        return exitCodes.ok;
      case 'run':
        return await runVerb(parsed, world);
    }
  } catch (error) {
    return explain(error, argv.includes('--json'), world);
  }
}

async function runVerb({ verb, home: folder, network, json, input, args }: Extract<Parsed, { kind: 'run' }>, world: World): Promise<ExitCode> {
  const home = world.at(folder);
  let client: Promise<Client> | undefined;
  const context: Context = {
    world, home, network, json, input, args,
    client: () => (client ??= home.connect().then((open) => aboutNetwork(open, network, world))),
    show: (value, text) => world.print(json ? jsonText(value) : text),
  };
  try {
    return await verb.run(context);
  } finally {
    await client?.then((open) => open.close(), () => {});
  }
}

async function aboutNetwork(client: Client, network: string | undefined, world: World): Promise<Client> {
  if (network === undefined) return client;
  try {
    return networkClient(client, world.clock, findProfile(await present(client, 'profiles'), network).id);
  } catch (error) {
    client.close();
    throw error;
  }
}

function explain(error: unknown, json: boolean, world: World): ExitCode {
  if (isAbort(error) || world.interrupted.aborted) return exitCodes.interrupted;
  const failure = asFailure(error);
  const { what, next } = words(failure);
  // A node of the mesh may have refused, in words of its own.
  if (json) world.complain(jsonText({ failure: toData(failure), what, next }));
  else world.complain(`webmesh: ${plain(what)}\n${plain(next)}\n`);
  return exitCodeOf(failure.code);
}

/** A command line is wrong in ways that a window cannot be, and knows of "up"; everything else has the common words. */
function words(failure: Failure): { what: string; next: string } {
  const { code, detail } = failure;
  if (code === 'app.not-running') return { what: 'The app is not running for this home folder.', next: '"webmesh up" starts it and connects; "webmesh serve" runs it in this terminal.' };
  if (code === 'input.invalid' && isFailure(failure)) return { what: `${String(detail.problem ?? 'That makes no sense')}${mentions(detail) ? '' : ` (${String(detail.field)})`}.`, next: '"webmesh help" lists the commands; "webmesh COMMAND --help" tells more about one.' };
  if (code === 'input.unknown-profile' && typeof detail.hint === 'string') return { what: 'This machine knows no network yet.', next: `Next, ${detail.hint}.` };
  const common = sentence(failure);
  // Not in time, because of something: what to do about that helps more than waiting.
  if (code === 'mesh.timeout' && isFailure(failure) && isFailure(failure.cause)) {
    const cause = sentence(failure.cause);
    return { what: `${common.what} ${cause.what}`, next: cause.next };
  }
  return common;
}

function mentions({ field, problem }: Failure['detail']): boolean {
  return field === undefined || field === 'arguments' || field === 'command' || String(problem).toLowerCase().includes(String(field).toLowerCase());
}
