import type { InstallerFormat } from '../base/update.ts';
import type { Words } from './detail.ts';
import { updateIn } from './say.ts';
import type { UpdateTopic } from './update.ts';
import { shared as english } from './words/en/index.ts';

export { installText, notesLines } from './update-text.ts';

/** How a person installs what was verified, before the text of `installText`. In English, as the command line says it. */
export function installWords(format: InstallerFormat): string {
  return english.updates.install[format];
}

/** The state of updates in two sentences. */
export function updateWords(topic: UpdateTopic): Words {
  return updateIn(english, topic);
}
