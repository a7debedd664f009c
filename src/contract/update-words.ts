import type { InstallerFormat } from '../base/update.ts';
import { plainText } from './plain-text.ts';
import type { UpdateTopic } from './update.ts';

const kept = 'Nothing was installed; this version goes on as it is.';
const again = 'Try again tomorrow. If it stays so, look at the project\'s own page whether something happened to its releases, and install by hand from there.';

/** What a failure tells beside its code. */
interface Said {
  /** ` (X)`, or nothing. */
  version(...keys: string[]): string;
  /** ` at X`, or nothing. */
  at(...keys: string[]): string;
  /** `: X`, or nothing. */
  because(): string;
}

/** What became of looking for a newer version, in two sentences each. `file` is part of the signed information, or an installer. */
export const updateFailureWords = {
  'update.off': () => ({
    what: 'This build knows no place to look for newer versions, so it looks nowhere.',
    next: 'Install newer versions as you installed this one: with the package manager, or from the project\'s own page.',
  }),
  'update.unreachable': (d: Said) => ({
    what: `The place where newer versions lie could not be read${d.because()}. ${kept}`,
    next: 'Check that this machine has access to the internet, then look again.',
  }),
  'update.bad-signature': (d: Said) => ({
    what: `What came as information on newer versions${d.version('file')} is not signed by the makers of this app. It was thrown away. ${kept}`,
    next: `Somebody may be changing it on the way, in this network or at the place itself. ${again}`,
  }),
  'update.expired': (d: Said) => ({
    what: `The information on newer versions${d.version('file')} is too old to be believed. It was thrown away. ${kept}`,
    next: `First check that the clock of this machine is right. Somebody may be holding newer information back. ${again}`,
  }),
  'update.older': (d: Said) => ({
    what: `What came as information on newer versions${d.version('file')} is older than what was here before. It was thrown away. ${kept}`,
    next: `Somebody may want you to take an old version with known faults. ${again}`,
  }),
  'update.damaged': (d: Said) => ({
    what: `The information on newer versions${d.version('file')} makes no sense: parts are missing, changed, or do not belong together. It was thrown away. ${kept}`,
    next: again,
  }),
  'update.too-large': (d: Said) => ({
    what: `More came than there should be${d.version('file')}. It was cut off and thrown away. ${kept}`,
    next: again,
  }),
  'update.wrong-hash': (d: Said) => ({
    what: `The installer that came${d.version('file')} is not the one that the makers of this app signed. It was thrown away. ${kept}`,
    next: `The download may have broken, or somebody changed it. Download it once more. ${again}`,
  }),
  'update.record-damaged': (d: Said) => ({
    what: `The app's own note of how new update information must be is damaged${d.at('path')}. It looks for no newer version, because it could be given an old one. ${kept}`,
    next: 'Install the newest version by hand from the project\'s own page or with the package manager. Then remove that file; the app begins anew.',
  }),
} as const;

/** What the makers say of a version, line by line; made inert, because it came from elsewhere. */
export function notesLines(notes: string): readonly string[] {
  return notes.split('\n').map(plainText).filter((line) => line !== '').slice(0, 20);
}

/** How a person installs what was verified, before the text of `installText`. The app itself never runs it. */
export function installWords(format: InstallerFormat): string {
  switch (format) {
    case 'deb': case 'rpm': return 'Install it with the package manager, in a terminal.';
    case 'AppImage': return 'Quit the app, put this file in the place of the present one, allow it to run, and start it.';
    case 'exe': return 'Open this file in the file manager; Windows asks for permission before it installs.';
    case 'pkg': case 'dmg': return 'Open this file in the Finder; macOS checks it and asks for permission before it installs.';
  }
}

/** What a person copies: a command, or a path. */
export function installText(format: InstallerFormat, path: string): string {
  const quoted = `'${path.replaceAll("'", String.raw`'\''`)}'`;
  return format === 'deb' ? `sudo apt install ${quoted}` : format === 'rpm' ? `sudo dnf install ${quoted}` : path;
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
export function updateWords(topic: UpdateTopic): { readonly what: string; readonly next: string } {
  switch (topic.phase) {
    case 'off': return updateFailureWords['update.off']();
    case 'idle': return topic.checkedAtMs === null
      ? { what: `This is version ${topic.current}. The app has not looked for a newer one.`, next: 'It looks when you ask it to, or once a day if you allow it.' }
      : { what: `This is version ${topic.current}, the newest that was found.`, next: 'There is nothing you need to do.' };
    case 'checking': return { what: 'Looking for a newer version…', next: 'This takes some seconds.' };
    case 'available': return { what: `Version ${topic.release.version} can be downloaded. It is signed by the makers of this app.`, next: 'It is verified once more when it is here, and nothing is installed without you.' };
    case 'downloading': return { what: `Version ${topic.release.version} is being downloaded.`, next: 'You can go on using the app.' };
    case 'ready': return { what: `Version ${topic.release.version} is here and verified.`, next: installWords(topic.release.format) };
    case 'refused': return { what: 'The last look for a newer version was refused.', next: 'The reason stands beside it.' };
  }
}
