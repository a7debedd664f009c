import type { Client } from '../../contract/client.ts';
import { installText, notesLines, updateWords } from '../../contract/update-words.ts';
import type { UpdateTopic } from '../../contract/update.ts';
import { firstWhere, present } from '../../contract/wait.ts';
import { sentence } from '../../contract/words.ts';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import { type Context, type Verb } from '../verb.ts';

const update: Verb = {
  words: ['update'],
  about: 'Whether a newer version is known',
  run: async (context) => show(context, await present(await context.client(), 'update')),
};

const check: Verb = {
  words: ['update', 'check'],
  about: 'Look for a newer version now; nothing is downloaded',
  command: 'update.check',
  run: async (context) => {
    const client = await context.client();
    await client.call('update.check', {}, context.world.interrupted);
    return show(context, await ended(client, context, 'checking'));
  },
};

const download: Verb = {
  words: ['update', 'download'],
  about: 'Download the newer version that was found, and verify it; nothing is installed',
  command: 'update.download',
  run: async (context) => {
    const client = await context.client();
    await client.call('update.download', {}, context.world.interrupted);
    return show(context, await ended(client, context, 'downloading'));
  },
};

const dismiss: Verb = {
  words: ['update', 'dismiss'],
  about: 'Put the newer version away: a download stops, and what was downloaded is removed',
  command: 'update.dismiss',
  run: async (context) => {
    await (await context.client()).call('update.dismiss', {}, context.world.interrupted);
    context.show({ dismissed: true }, 'Put away.\n');
    return exitCodes.ok;
  },
};

function ended(client: Client, { world }: Context, phase: UpdateTopic['phase']): Promise<UpdateTopic> {
  return firstWhere(client, 'update', (topic) => topic.phase !== phase, world.interrupted);
}

/** A refusal is a failure of what was asked for, so scripts see it. */
function show(context: Context, topic: UpdateTopic): ExitCode {
  const { what, next } = topic.phase === 'refused' ? sentence(topic.failure) : updateWords(topic);
  const notes = topic.phase === 'available' ? notesLines(topic.release.notes).map((line) => `  ${line}\n`).join('') : '';
  const command = topic.phase === 'available' ? 'webmesh update download\n' : topic.phase === 'ready' ? `${installText(topic.release.format, topic.path)}\n` : '';
  context.show(topic, `${what}\n${next}\n${notes}${command}`);
  return topic.phase === 'refused' ? exitCodes.failed : exitCodes.ok;
}

export const updateVerbs: readonly Verb[] = [update, check, download, dismiss];
