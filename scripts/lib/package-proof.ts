import { spawnSync } from 'node:child_process';

interface Question {
  readonly what: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly code: number;
  readonly says: RegExp;
}

/** What each program in the executable answers when it is asked for itself, without rights and without changing anything. */
const questions: readonly Question[] = [
  { what: 'the command line', args: ['--version'], code: 0, says: /^webmesh \d/ },
  { what: 'the helper refuses what it does not know', args: ['@helper', '--nonsense'], code: 2, says: /Usage: helper/ },
  { what: 'the node process ends with its input', args: ['@child'], code: 0, says: /"why":"input ended"/ },
  { what: 'the web page', args: ['@server', '--help'], code: 0, says: /^Usage: server/ },
  { what: 'the launcher takes no other order than a policy', args: ['@confine', 'nonsense'], code: 1, says: /JSON/ },
  { what: 'no other program', args: ['@nonsense'], code: 2, says: /no program of that name/ },
  { what: 'no flag of Node from the environment', args: ['--version'], env: { NODE_OPTIONS: '--import=/nowhere.mjs' }, code: 0, says: /^webmesh \d/ },
  { what: 'no flag of Node from the command line', args: ['--inspect'], code: 2, says: /--inspect/ },
];

/** Starts each program of the single executable. Answers what was wrong, one sentence each. */
export function proveSingle(executable: string, say: (line: string) => void): readonly string[] {
  return questions.flatMap(({ what, args, env = {}, code, says }) => {
    const startMs = performance.now();
    const { status, stdout, stderr } = spawnSync(executable, [...args], { encoding: 'utf8', input: '', env: { PATH: '/usr/bin:/bin', HOME: '/nonexistent', ...env }, timeout: 20_000 });
    const right = status === code && says.test(stdout + stderr);
    say(`${right ? '✓' : '✗'} ${what} (${Math.round(performance.now() - startMs)} ms)`);
    return right ? [] : [`${what}: code ${status}, ${(stdout + stderr).trim().slice(0, 200)}`];
  });
}
