import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { completionScript, shells } from './completion.ts';
import { globalFlags, verbFlags } from './parse.ts';
import { verbs } from './verbs.ts';

/** What bash offers after the line, asked of a real bash. */
function complete(line: string): string[] {
  const words = line.split(' ');
  const script = `${completionScript('bash', verbs)}\nCOMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}; _webmesh; printf '%s\\n' "\${COMPREPLY[@]}"`;
  return execFileSync('bash', ['-c', script], { encoding: 'utf8' }).split('\n').filter(Boolean);
}

test('bash completes verbs, groups, flags and choices', () => {
  expect([complete('webmesh p'), complete('webmesh profile '), complete('webmesh completion '), complete('webmesh up --no'), complete('webmesh settings --th'), complete('webmesh --home peers sta')]).toEqual([
    ['peers', 'ping', 'profile'],
    ['list', 'create', 'join', 'select', 'rename', 'mark', 'port', 'remove'],
    [...shells],
    ['--no-wait'],
    ['--theme'],
    ['status'],
  ]);
});

test('each script names every verb and every flag', () => {
  for (const shell of shells) {
    const script = completionScript(shell, verbs);
    for (const verb of verbs) {
      for (const word of verb.words) expect(script).toContain(word);
      for (const { name } of [...verbFlags(verb), ...globalFlags]) expect(script).toMatch(new RegExp(`(--|-l )${name}\\b`));
    }
  }
});

test('one flag name means one kind everywhere, because flags may stand before the verb', () => {
  const kinds = new Map<string, string>();
  for (const { name, kind } of [...globalFlags, ...verbs.flatMap(verbFlags)]) {
    const shape = kind === 'switch' ? 'switch' : 'value';
    expect([name, kinds.get(name) ?? shape]).toEqual([name, shape]);
    kinds.set(name, shape);
  }
});
