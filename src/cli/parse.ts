import { parseArgs, type ParseArgsOptionsConfig } from 'node:util';
import { failure } from '../base/failure.ts';
import { flagsOf, type Flag } from './flags.ts';
import { type Positional, type Verb } from './verb.ts';

/** What the command line asks for. */
export type Parsed =
  | { readonly kind: 'help'; readonly words: readonly string[] }
  | { readonly kind: 'version' }
  | { readonly kind: 'run'; readonly verb: Verb; readonly home: string | undefined; readonly network: string | undefined; readonly json: boolean } & Arguments;

export interface Arguments {
  readonly input: Readonly<Record<string, unknown>>;
  readonly args: Readonly<Record<string, string | number | boolean | undefined>>;
}

export const globalFlags: readonly Flag[] = [
  { name: 'home', kind: 'text', about: 'folder of profiles, sockets and logs' },
  { name: 'network', kind: 'text', about: 'which network is meant, by name or id; the selected one when not given' },
  { name: 'json', kind: 'switch', about: 'print JSON' },
  { name: 'help', kind: 'switch', about: 'show help' },
  { name: 'version', kind: 'switch', about: 'show the version' },
];

/** The flags that one verb takes, beyond the global ones. */
export function verbFlags(verb: Verb): readonly Flag[] {
  const own = [...(verb.positionals ?? []), ...(verb.flags ?? [])].flatMap(({ field }) => (field === undefined ? [] : [field]));
  return [...(verb.command === undefined ? [] : flagsOf(verb.command, [...own, ...(verb.without ?? [])])), ...(verb.flags ?? [])];
}

/** Reads the command line. Fails with input.invalid when it makes no sense. */
export function parse(argv: readonly string[], verbs: readonly Verb[]): Parsed {
  const { values, positionals } = split(argv, verbs);
  if (values.version === true) return { kind: 'version' };
  const asksHelp = values.help === true || positionals.length === 0 || positionals[0] === 'help';
  if (asksHelp) return { kind: 'help', words: positionals[0] === 'help' ? positionals.slice(1) : positionals };
  const verb = findVerb(positionals, verbs);
  if (verb === undefined) throw wrong('command', unknownVerb(positionals, verbs));
  const { home, json, network, ...rest } = values;
  return {
    kind: 'run',
    verb,
    home: typeof home === 'string' ? home : undefined,
    network: typeof network === 'string' ? network : undefined,
    json: json === true,
    ...argumentsOf(verb, positionals.slice(verb.words.length), rest),
  };
}

/** The verb whose words begin the line; of two the longer one. */
export function findVerb(positionals: readonly string[], verbs: readonly Verb[]): Verb | undefined {
  const fits = verbs.filter(({ words }) => words.every((word, i) => positionals[i] === word));
  return fits.sort((a, b) => b.words.length - a.words.length)[0];
}

/** Flags may stand anywhere, also before the verb, so all verbs' flags are known to the first pass. */
function split(argv: readonly string[], verbs: readonly Verb[]): { values: Record<string, string | boolean | undefined>; positionals: string[] } {
  const options: ParseArgsOptionsConfig = {};
  for (const { name, kind } of [...globalFlags, ...verbs.flatMap(verbFlags)]) options[name] = { type: kind === 'switch' ? 'boolean' : 'string' };
  options.help = { type: 'boolean', short: 'h' };
  try {
    const { values, positionals } = parseArgs({ args: [...argv], options, strict: true, allowPositionals: true, allowNegative: true });
    return { values: values as Record<string, string | boolean | undefined>, positionals };
  } catch (error) {
    throw wrong('arguments', (error instanceof Error ? error.message : String(error)).split('. To specify')[0] ?? 'unreadable');
  }
}

function argumentsOf(verb: Verb, rest: readonly string[], values: Record<string, string | boolean | undefined>): Arguments {
  const input: Record<string, unknown> = {};
  const args: Record<string, string | number | boolean | undefined> = {};
  const put = ({ field, name }: { field?: string; name: string }, value: string | number | boolean): void => {
    if (field !== undefined) input[field] = value;
    args[name] = value;
  };
  const places = verb.positionals ?? [];
  const extra = rest[places.length];
  if (extra !== undefined) throw wrong('arguments', `"${extra}" is one argument too many for "webmesh ${verb.words.join(' ')}"`);
  for (const [i, place] of places.entries()) {
    const value = rest[i];
    if (value !== undefined) put(place, chosen(place, value));
    else if (place.optional !== true) throw wrong(place.name, `"webmesh ${verb.words.join(' ')}" needs ${place.name.toUpperCase()}`);
  }
  const known = new Map(verbFlags(verb).map((flag) => [flag.name, flag]));
  for (const [name, value] of Object.entries(values)) {
    const flag = known.get(name);
    if (flag === undefined) throw wrong(name, `"webmesh ${verb.words.join(' ')}" does not take --${name}`);
    if (value !== undefined) put(flag, valueOf(flag, value));
  }
  return { input, args };
}

function valueOf(flag: Flag, value: string | boolean): string | number | boolean {
  if (flag.kind === 'switch' || typeof value === 'boolean') return value;
  if (flag.read !== undefined) return flag.read(value);
  if (flag.kind === 'text') return chosen(flag, value);
  const number = Number(value);
  if (value.trim() === '' || !Number.isFinite(number)) throw wrong(flag.name, `--${flag.name} needs a number, not "${value}"`);
  return number;
}

function chosen({ name, choices }: Pick<Positional, 'name' | 'choices'>, value: string): string {
  if (choices !== undefined && !choices.includes(value)) throw wrong(name, `${name} is one of ${choices.join(', ')}, not "${value}"`);
  return value;
}

function unknownVerb(positionals: readonly string[], verbs: readonly Verb[]): string {
  const group = verbs.filter(({ words }) => words[0] === positionals[0]);
  if (group.length > 0) return `"webmesh ${positionals[0]}" is one of: ${group.map(({ words }) => words.slice(1).join(' ')).join(', ')}`;
  return `there is no "webmesh ${positionals[0]}"; "webmesh help" lists what there is`;
}

function wrong(field: string, problem: string): Error {
  return failure('input.invalid', { field, problem });
}
