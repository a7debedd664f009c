import { pluralIn } from '../../../contract/language.ts';

const count = pluralIn('en');

/** This device: its node, who manages the network, its disks. Its charts are in `history`. */
export const device = {
  title: 'This device',
  system: (os: string, kernel: string, architecture: string, upFor: string) => `${os} · ${kernel} · ${architecture} · up ${upFor}`,
  node: 'Node',
  notRunning: 'Not running. It starts when you connect.',
  name: 'Name',
  nameCopied: 'the name of this device',
  status: 'Status',
  running: 'running',
  runningFor: (span: string) => `running for ${span}`,
  stopped: 'stopped',
  role: 'Role',
  network: 'Network',
  addressRange: 'Address range',
  version: 'Version',
  tells: 'What it tells the network it can do',
  noMeasurements: 'No measurements yet.',
  disks: 'Disks',
  noDisks: 'None seen.',
  quorum: {
    title: 'Who manages the network',
    notShared: 'This network does not share how it is managed.',
    knownLater: 'Known while this device is connected.',
    leads: 'leads',
    votes: 'votes',
    keepsCopy: 'keeps a copy',
    leadsHere: 'leads, this device',
    votesHere: 'votes, this device',
    keepsCopyHere: 'keeps a copy, this device',
    andMore: (n: number) => count(n, { other: 'and # more' }),
    leader: 'Leader',
    copy: 'Copy',
    entry: (term: number, applied: number, agreed: number) => `Term ${term}, entry ${applied} of ${agreed}.`,
  },
};
