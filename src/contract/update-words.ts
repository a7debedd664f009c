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

export const updateLabels = {
  title: 'Updates',
  tell: 'Tell me about newer versions',
  tellHint: 'The app then looks once a day. The place that it asks sees the address of this network and nothing else. Nothing is downloaded or installed by itself.',
  look: 'Look now',
  download: 'Download',
  stop: 'Stop',
  dismiss: 'Put away',
  remove: 'Remove the file',
  progress: 'Download of the newer version',
  command: 'how to install it',
  open: 'See what is new',
} as const;

/** The state of updates in two sentences. */
export function updateWords(topic: UpdateTopic): Words {
  return updateIn(english, topic);
}
