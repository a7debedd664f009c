import { failure } from '../base/failure.ts';
import { exitCodeHelp } from './exit-codes.ts';
import { type Flag } from './flags.ts';
import { findVerb, globalFlags, verbFlags } from './parse.ts';
import { type Verb } from './verb.ts';

/** Help for everything, for a group such as `profile`, or for one verb. Fails with input.invalid when there is no such thing. */
export function help(words: readonly string[], verbs: readonly Verb[]): string {
  if (words.length === 0) return overview(verbs);
  const exact = findVerb(words, verbs);
  const group = verbs.filter((verb) => verb.words[0] === words[0] && verb.words.length > 1);
  if (exact !== undefined) return `${verbHelp(exact)}${exact.words.length === 1 && group.length > 0 ? `\nMore about it:\n${list(group)}` : ''}`;
  if (group.length === 0) throw failure('input.invalid', { field: 'command', problem: `there is no "webmesh ${words.join(' ')}"` });
  return `Usage: webmesh ${words[0]} COMMAND\n\n${list(group)}`;
}

function overview(verbs: readonly Verb[]): string {
  return `Usage: webmesh [--home DIR] [--json] COMMAND\n\n${list(verbs)}\n${flags('Everywhere', globalFlags)}\n"webmesh COMMAND --help" tells more.\n${exitCodeHelp}\n`;
}

function verbHelp(verb: Verb): string {
  const places = (verb.positionals ?? []).map(({ name, optional }) => (optional ? `[${name.toUpperCase()}]` : name.toUpperCase()));
  const own = verbFlags(verb);
  const line = ['webmesh', ...verb.words, ...places, ...(own.length > 0 ? ['[options]'] : [])].join(' ');
  const choices = (verb.positionals ?? []).flatMap(({ name, choices: of }) => (of === undefined ? [] : [`${name.toUpperCase()} is one of ${of.join(', ')}.\n`]));
  return `Usage: ${line}\n\n${verb.about}.\n${choices.join('')}\n${flags('Options', own)}${flags('Everywhere', globalFlags)}\n${exitCodeHelp}\n`;
}

function list(verbs: readonly Verb[]): string {
  const width = Math.max(...verbs.map(({ words }) => words.join(' ').length));
  return verbs.map(({ words, about }) => `  ${words.join(' ').padEnd(width)}  ${about}\n`).join('');
}

function flags(title: string, of: readonly Flag[]): string {
  if (of.length === 0) return '';
  const rows = of.map((flag) => [`--${flag.name}${flag.kind === 'switch' ? '' : flag.choices ? ` ${flag.choices.join('|')}` : flag.kind === 'number' ? ' N' : ' TEXT'}`, flag.about] as const);
  const width = Math.max(...rows.map(([name]) => name.length));
  return `${title}:\n${rows.map(([name, about]) => `  ${name.padEnd(width)}  ${about}\n`).join('')}`;
}
