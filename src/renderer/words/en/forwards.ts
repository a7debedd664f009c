import { pluralIn } from '../../../contract/language.ts';

const count = pluralIn('en');

/** Ports of peers that appear on this device. */
export const forwards = {
  title: 'Forwarded ports',
  all: 'Forwards',
  toPeerList: (name: string) => `Forwards to ${name}`,
  none: 'None. Under Peers, the pane of a device opens one, so that programs here reach a port there.',
  /** Where a forward ends. */
  portOf: (port: number) => `port ${port}`,
  to: (end: string) => `to ${end}`,
  toPeer: (name: string, end: string) => `to ${name}, ${end}`,
  localAddressCopied: 'the local address',
  connections: (n: number) => count(n, { one: '# connection', other: '# connections' }),
  received: 'received',
  sent: 'sent',
  closeOf: (end: string) => `Close ${end}`,
  closed: (end: string) => ({ what: `Closed ${end}.`, next: 'Its connections have ended.' }),
  andMore: (n: number) => count(n, { one: 'and # more forward', other: 'and # more forwards' }),
  dialog: {
    title: (name: string) => `Forward a port of ${name}`,
    about: (name: string) => `Programs on this device connect to a port here; ${name} passes it on. It must share that port: there, under This device, “What this device does for others”.`,
    protocol: 'Protocol',
    there: (name: string) => `As ${name} reaches it`,
    address: 'Address',
    itself: (name: string) => `127.0.0.1 is ${name} itself`,
    port: 'Port',
    here: 'On this device',
    localAddress: 'Local address',
    hereAlone: '127.0.0.1 is this device alone',
    localPort: 'Local port',
    anyFree: 'any free',
    opens: 'Whoever reaches this device at that address can then use this port, too.',
    forward: 'Forward',
    opening: 'Opening…',
    opened: (end: string, name: string) => ({ what: `Connect to ${end} on this device.`, next: `${name} answers there.` }),
  },
  /** What is wrong with what was typed; it goes on behind a colon. */
  typed: { address: 'write an IP address, for example 127.0.0.1', port: 'write a number from 1 to 65535' },
  trouble: {
    portInUse: (port: number) => `Another program on this device already uses the local port ${port}.`,
    thatPortInUse: 'Another program on this device already uses that local port.',
    chooseAnother: 'Choose another one, or leave it empty for any that is free.',
    silent: (name: string) => `${name} does not answer at the moment.`,
    silentBecause: (name: string, problem: string) => `${name} does not answer at the moment: ${problem}.`,
    tryAgain: 'Try again in a moment; what you typed is still here.',
    triedAgain: 'The next connection is tried anew; there is nothing you need to do.',
    refused: (name: string) => `${name} refused.`,
    refusedBecause: (name: string, problem: string) => `${name} refused: ${problem}.`,
    mustShare: (name: string) => `The program must run there, and ${name} must share its port: This device, “What this device does for others”.`,
  },
};
