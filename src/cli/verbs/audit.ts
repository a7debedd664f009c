import { type AuditEventView } from '../../contract/state.ts';
import { red } from '../colours.ts';
import { moment } from '../dates.ts';
import { exitCodes } from '../exit-codes.ts';
import { table } from '../format.ts';
import { checked } from '../input.ts';
import { type Verb } from '../verb.ts';

const list: Verb = {
  words: ['audit'],
  about: 'Who did what, when, from which node; newest first',
  command: 'audit.list',
  run: async (context) => {
    const answer = await (await context.client()).call('audit.list', checked('audit.list', context.input), context.world.interrupted);
    const { events, intact, total } = answer;
    const chain = intact ? `${events.length} of ${total}. The chain of hashes is whole.\n` : `${red('The chain of hashes is broken: something was changed or taken out.', context.world)}\n`;
    context.show(answer, `${table(['NO', 'TIME', 'WHO', 'AT', 'WHAT', 'WHOM', 'MORE'], events.map(row))}${chain}`);
    return intact ? exitCodes.ok : exitCodes.failed;
  },
};

function row({ sequence, atMs, actor, node, action, subject, detail }: AuditEventView): string[] {
  return [String(sequence), moment(atMs), actor, node, action, subject, Object.entries(detail).map(([name, value]) => `${name}=${value}`).join(' ')];
}

const exportAll: Verb = {
  words: ['audit', 'export'],
  about: 'Write the whole audit log to a file',
  command: 'audit.export',
  run: async (context) => {
    const answer = await (await context.client()).call('audit.export', {}, context.world.interrupted);
    context.show(answer, `${answer.path}\n`);
    return exitCodes.ok;
  },
};

export const auditVerbs: readonly Verb[] = [list, exportAll];
