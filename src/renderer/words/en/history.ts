import { pluralIn } from '../../../contract/language.ts';

const count = pluralIn('en');

/** What was measured, now and over the last day: charts, what they say in words, and saving it. */
export const history = {
  title: 'Measurements',
  lastDay: 'Last 24 hours',
  reading: 'Reading…',
  nothingOfPeer: 'Nothing is kept of this peer yet. Its first minute with traffic is the beginning.',
  choose: 'Time that the charts show',
  ranges: { live: '2 min', hour: '1 h', day: '24 h' },
  charts: { cpu: 'Processor', load: 'Load', memory: 'Memory', tunnel: 'Tunnel', peers: 'Peers', traffic: 'Traffic', roundTrip: 'Round trip' },
  lines: {
    used: 'Used', load: 'Load', received: 'Received', sent: 'Sent', highest: 'Highest', mean: 'Mean', direct: 'Direct', relayed: 'Relayed', away: 'Not reached', worst: 'Worst', usual: 'Usual',
  },
  cores: (n: number) => count(n, { one: '# core', other: '# cores' }),
  loads: (five: string, fifteen: string) => `${five} over 5 min · ${fifteen} over 15 min`,
  inAndOut: (received: string, sent: string) => `${received} in · ${sent} out`,
  save: 'Export 24 h as CSV',
  saving: 'Writing…',
  savedTo: (path: string) => `Written to ${path}`,
};
