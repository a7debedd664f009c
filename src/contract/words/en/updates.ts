import type { Reader, Words } from '../../detail.ts';
import type { UpdateWords } from '../type.ts';

const kept = 'Nothing was installed; this version goes on as it is.';
const again = 'Try again tomorrow. If it stays so, look at the project\'s own page whether something happened to its releases, and install by hand from there.';
const openAsAdmin = 'Open this file in the Finder; macOS checks it and asks for permission before it installs.';
const packageManager = 'Install it with the package manager, in a terminal.';

/** What became of looking for a newer version, in two sentences each. `file` is part of the signed information, or an installer. */
export const updateFailures = {
  'update.off': () => ({
    what: 'This build knows no place to look for newer versions, so it looks nowhere.',
    next: 'Install newer versions as you installed this one: with the package manager, or from the project\'s own page.',
  }),
  'update.unreachable': (d) => ({
    what: `The place where newer versions lie could not be read${d.because()}. ${kept}`,
    next: 'Check that this machine has access to the internet, then look again.',
  }),
  'update.bad-signature': (d) => ({
    what: `What came as information on newer versions${d.aside('file')} is not signed by the makers of this app. It was thrown away. ${kept}`,
    next: `Somebody may be changing it on the way, in this network or at the place itself. ${again}`,
  }),
  'update.expired': (d) => ({
    what: `The information on newer versions${d.aside('file')} is too old to be believed. It was thrown away. ${kept}`,
    next: `First check that the clock of this machine is right. Somebody may be holding newer information back. ${again}`,
  }),
  'update.older': (d) => ({
    what: `What came as information on newer versions${d.aside('file')} is older than what was here before. It was thrown away. ${kept}`,
    next: `Somebody may want you to take an old version with known faults. ${again}`,
  }),
  'update.damaged': (d) => ({
    what: `The information on newer versions${d.aside('file')} makes no sense: parts are missing, changed, or do not belong together. It was thrown away. ${kept}`,
    next: again,
  }),
  'update.too-large': (d) => ({
    what: `More came than there should be${d.aside('file')}. It was cut off and thrown away. ${kept}`,
    next: again,
  }),
  'update.wrong-hash': (d) => ({
    what: `The installer that came${d.aside('file')} is not the one that the makers of this app signed. It was thrown away. ${kept}`,
    next: `The download may have broken, or somebody changed it. Download it once more. ${again}`,
  }),
  'update.record-damaged': (d) => ({
    what: `The app's own note of how new update information must be is damaged${d.at('path')}. It looks for no newer version, because it could be given an old one. ${kept}`,
    next: 'Install the newest version by hand from the project\'s own page or with the package manager. Then remove that file; the app begins anew.',
  }),
} satisfies Readonly<Record<string, (d: Reader) => Words>>;

export const updates: UpdateWords = {
  install: {
    deb: packageManager, rpm: packageManager, pkg: openAsAdmin, dmg: openAsAdmin,
    AppImage: 'Quit the app, put this file in the place of the present one, allow it to run, and start it.',
    exe: 'Open this file in the file manager; Windows asks for permission before it installs.',
  },
  neverLooked: (version) => ({ what: `This is version ${version}. The app has not looked for a newer one.`, next: 'It looks when you ask it to, or once a day if you allow it.' }),
  newest: (version) => ({ what: `This is version ${version}, the newest that was found.`, next: 'There is nothing you need to do.' }),
  checking: { what: 'Looking for a newer version…', next: 'This takes some seconds.' },
  available: (version) => ({ what: `Version ${version} can be downloaded. It is signed by the makers of this app.`, next: 'It is verified once more when it is here, and nothing is installed without you.' }),
  downloading: (version) => ({ what: `Version ${version} is being downloaded.`, next: 'You can go on using the app.' }),
  ready: (version) => `Version ${version} is here and verified.`,
  refused: { what: 'The last look for a newer version was refused.', next: 'The reason stands beside it.' },
};
