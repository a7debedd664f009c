import { pluralIn } from '../../../contract/language.ts';

const count = pluralIn('en');

/** The frame around every screen: where one can go, what state it is in. */
export const app = {
  skip: 'Skip to the screen',
  screens: 'Screens',
  places: { connect: 'Connect', peers: 'Peers', people: 'People', device: 'This device', deviceShort: 'Device', health: 'Health', settings: 'Settings' },
  peers: (n: number) => count(n, { one: '# peer', other: '# peers' }),
  waiting: (n: number) => count(n, { other: '# waiting for approval' }),
  problems: (n: number) => count(n, { one: '# problem', other: '# problems' }),
  invite: 'Invite',
  lost: 'Lost contact with the app; trying again. What you see is how things were.',
  starting: 'Starting…',
  thisNetwork: 'this network',
  stopped: 'This screen stopped',
  stoppedWords: { what: 'The page met something it did not expect. Your connection is not affected.', next: 'Show the screen again; if it comes back, export a report under Settings, Diagnostics.' },
  showAgain: 'Show it again',
  clearText: 'Clear text',
  inClearText: 'clear text',
  clearTextSays: 'Clear text.',
  clearTextWhat: (name: string) => `Joining and managing ${name} is not encrypted, and nobody proves who they are. Traffic inside the tunnel is encrypted.`,
};
