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
  nothing: 'Nothing was measured in this time.',
  nothingYet: 'Nothing was measured in this time. The app writes down a line each minute while it runs.',
  noRoundTrip: 'No round trip was measured in this time.',
  highest: (value: string, at: string) => `mean · highest ${value} at ${at}`,
  worst: (value: string, at: string) => `mean · worst ${value} at ${at}`,
  busiest: (received: string, sent: string, at: string, rate: string) => `${received} in · ${sent} out · busiest at ${at}: ${rate} in`,
  direct: (devices: string) => `${devices} direct`,
  others: (relayed: string, away: string) => `mean · ${relayed} relayed · ${away} not reached`,
  ways: (direct: string, relayed: string, none: string) => `Reached directly ${direct} of the time, relayed ${relayed}, not at all ${none}.`,
  gaps: (measured: string, hours: number) => `Measured ${measured} of ${hours} h: gaps are times when the app did not run, the device slept or was not connected.`,
};
