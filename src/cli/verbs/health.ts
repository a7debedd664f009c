import { present } from '../../contract/wait.ts';
import { fixCommand } from '../fix-command.ts';
import { problemTitleOf, severityWords } from '../../contract/health-words.ts';
import { plainText, warningSentence } from '../../contract/words.ts';
import { type Warning } from '../../contract/state.ts';
import { exitCodes } from '../exit-codes.ts';
import { duration } from '../format.ts';
import { checked } from '../input.ts';
import { type Verb } from '../verb.ts';

const health: Verb = {
  words: ['health'],
  about: 'What is wrong, since when, and what to do; exit code 6 when it is more than a hint, else 0',
  run: async (context) => {
    const { warnings } = await present(await context.client(), 'health');
    const problems = warnings.map((warning) => ({ ...warning, title: problemTitleOf(warning), ...warningSentence(warning), command: fixCommand(warning) }));
    context.show({ problems }, problems.length === 0 ? 'Nothing is wrong.\n' : warnings.map((warning) => paragraph(warning, context.world.clock.nowMs())).join('\n'));
    return warnings.some(({ severity }) => severity !== 'info') ? exitCodes.unwell : exitCodes.ok;
  },
};

function paragraph(warning: Warning, nowMs: number): string {
  const { what, next } = warningSentence(warning);
  const command = fixCommand(warning);
  const since = duration(Math.max(0, nowMs - warning.sinceMs));
  const hint = warning.severity === 'info' ? `  To put it away: webmesh health dismiss ${plainText(warning.id)}\n` : '';
  return `${severityWords[warning.severity]}: ${problemTitleOf(warning)} (for ${since})\n  ${what}\n  ${next}\n${command === null ? '' : `  ${command}\n`}${hint}`;
}

const dismiss: Verb = {
  words: ['health', 'dismiss'],
  about: 'Put a hint away until the app ends; what is worse than a hint stays',
  command: 'health.dismiss',
  positionals: [{ name: 'id', field: 'id' }],
  run: async (context) => {
    await (await context.client()).call('health.dismiss', checked('health.dismiss', context.input), context.world.interrupted);
    context.show({ dismissed: true }, 'Put away until the app ends.\n');
    return exitCodes.ok;
  },
};

const start: Verb = {
  words: ['helper', 'start'],
  about: 'Start the system service that makes the tunnel; the system asks for permission',
  command: 'helper.start',
  run: async (context) => {
    await (await context.client()).call('helper.start', {}, context.world.interrupted);
    context.show({ started: true }, 'Started. The app notices by itself.\n');
    return exitCodes.ok;
  },
};

export const healthVerbs: readonly Verb[] = [health, dismiss, start];
