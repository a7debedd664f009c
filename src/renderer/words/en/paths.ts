import { pluralIn } from '../../../contract/language.ts';

const count = pluralIn('en');

/** How a peer is reached: the measured paths, round trips, and why a path is as it is. */
export const paths = {
  path: 'Path',
  pathsTo: (name: string) => `Paths to ${name}`,
  roundTrip: 'Round trip',
  lost: 'Lost',
  inUse: 'in use',
  nothing: 'There is no path to measure.',
  packets: (bytes: number) => `Packets of up to ${bytes} bytes pass.`,
  range: (least: string, most: string) => `${least} to ${most}`,
  loss: (lost: number, sent: number) => `${lost} of ${sent}`,
  trips: (span: string, least: string, most: string, median: string) => `Round trip over ${span}: ${least} to ${most}, half under ${median}.`,
  silent: (times: number, all: number) => `No answer ${times} of ${all} times.`,
  questions: { relay: 'Why relayed?', ice: 'Why not direct?', looking: 'What was tried?', none: 'Why no path?', silent: 'What happened?' },
  moreReasons: (n: number) => count(n, { one: '# more reason', other: '# more reasons' }),
  lookAgain: 'Look again',
  looking: 'A better way is being looked for.',
};
