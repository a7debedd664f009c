import { unreachable } from '../base/assert.ts';
import { type Flag } from './flags.ts';
import { globalFlags, verbFlags } from './parse.ts';
import { type Verb } from './verb.ts';

export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

/** What may follow the words typed so far. The scripts hold it as a table; they ask no running program, so they cannot hang. */
interface Row {
  /** `''` for nothing yet, `profile` for a group, `profile create` for a verb. */
  readonly after: string;
  readonly words: readonly string[];
  readonly flags: readonly Flag[];
}

/** A script for the shell's start-up file: `source <(webmesh completion bash)`. */
export function completionScript(shell: Shell, verbs: readonly Verb[]): string {
  const rows = rowsOf(verbs);
  switch (shell) {
    case 'bash':
      return bash(rows);
    case 'zsh':
      return zsh(rows);
    case 'fish':
      return fish(rows, verbs);
    default:
      return unreachable(shell);
  }
}

function rowsOf(verbs: readonly Verb[]): readonly Row[] {
  const groups = [...new Set(verbs.filter(({ words }) => words.length > 1).map(({ words }) => words[0] ?? ''))];
  const firsts = [...new Set(verbs.map(({ words }) => words[0] ?? ''))];
  const seconds = (group: string): readonly string[] => verbs.filter(({ words }) => words[0] === group && words.length > 1).map(({ words }) => words[1] ?? '');
  // A word may be a verb and a group at once, as `invite` is.
  const onlyGroups = groups.filter((group) => verbs.every(({ words }) => words.join(' ') !== group));
  return [
    { after: '', words: [...firsts, 'help'], flags: globalFlags },
    ...onlyGroups.map((group) => ({ after: group, words: seconds(group), flags: globalFlags })),
    ...verbs.map((verb) => ({
      after: verb.words.join(' '),
      words: [...(verb.words.length === 1 ? seconds(verb.words[0] ?? '') : []), ...(verb.positionals ?? []).flatMap(({ choices }) => choices ?? [])],
      flags: [...verbFlags(verb), ...globalFlags],
    })),
  ];
}

function cases(rows: readonly Row[]): string {
  return rows.map(({ after, words, flags }) => `    '${after}') words='${words.join(' ')}'; flags='${flags.flatMap(spellings).join(' ')}' ;;`).join('\n');
}

/** A switch of a verb can be turned off by name, such as --no-wait. */
function spellings(flag: Flag): readonly string[] {
  return flag.kind === 'switch' && !globalFlags.includes(flag) ? [`--${flag.name}`, `--no-${flag.name}`] : [`--${flag.name}`];
}

/** A shell pattern of the flags that take the next word as their value. */
function valueFlags(rows: readonly Row[]): string {
  return [...new Set(rows.flatMap(({ flags }) => flags.filter(({ kind }) => kind !== 'switch').map(({ name }) => `--${name}`)))].join('|');
}

function bash(rows: readonly Row[]): string {
  return `# webmesh completion for bash: source <(webmesh completion bash)
_webmesh() {
  local current="\${COMP_WORDS[COMP_CWORD]}" typed='' word words='' flags='' i
  for ((i = 1; i < COMP_CWORD; i++)); do
    word="\${COMP_WORDS[i]}"
    case "$word" in ${valueFlags(rows)}) ((i++)) ;; -*) ;; *) typed="\${typed:+$typed }$word" ;; esac
  done
  case "$typed" in
${cases(rows)}
  esac
  case "$current" in
    -*) mapfile -t COMPREPLY < <(compgen -W "$flags" -- "$current") ;;
    *) mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current") ;;
  esac
}
complete -o default -F _webmesh webmesh
`;
}

function zsh(rows: readonly Row[]): string {
  return `#compdef webmesh
# webmesh completion for zsh: source <(webmesh completion zsh)
_webmesh() {
  local typed='' word skip='' before=("\${words[@]:1:$((CURRENT - 2))}")
  for word in $before; do
    if [[ -n $skip ]]; then skip=''; continue; fi
    case $word in ${valueFlags(rows)}) skip=1 ;; -*) ;; *) typed="\${typed:+$typed }$word" ;; esac
  done
  local -h words flags
  case "$typed" in
${cases(rows)}
  esac
  if [[ $PREFIX == -* ]]; then compadd -- \${=flags}; else compadd -- \${=words}; fi
}
compdef _webmesh webmesh
`;
}

function fish(rows: readonly Row[], verbs: readonly Verb[]): string {
  const lines = rows.flatMap(({ after, words, flags }) => [
    ...words.map((word) => `complete -c webmesh -f -n "__webmesh_after '${after}'" -a ${word} -d '${quoted(aboutOf(after, word, verbs))}'`),
    ...flags.map(({ name, kind, about, choices }) => `complete -c webmesh -n "__webmesh_after '${after}'" -l ${name}${kind === 'switch' ? '' : ' -r'}${choices ? ` -a '${choices.join(' ')}'` : ''} -d '${quoted(about)}'`),
  ]);
  return `# webmesh completion for fish: webmesh completion fish | source
function __webmesh_after
  set -l typed
  set -l skip 0
  for word in (commandline -opc)[2..]
    if test $skip = 1
      set skip 0
    else if string match -qr -- '^(${valueFlags(rows)})$' $word
      set skip 1
    else if not string match -q -- '-*' $word
      set -a typed $word
    end
  end
  test "$typed" = "$argv[1]"
end
${lines.join('\n')}
`;
}

function aboutOf(after: string, word: string, verbs: readonly Verb[]): string {
  const path = after === '' ? word : `${after} ${word}`;
  return verbs.find(({ words }) => words.join(' ') === path)?.about ?? '';
}

function quoted(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll("'", "\\'");
}
