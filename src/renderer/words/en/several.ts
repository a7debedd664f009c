import type { NetworkColour } from '../../../contract/networks.ts';
import type { SessionTopic } from '../../../contract/state.ts';

/** Several networks at once: which one is shown, how the others stand, and what tells them apart. */
export const several = {
  connect: 'Connect',
  disconnect: 'Disconnect',
  save: 'Save',
  colour: 'Colour',
  suffix: 'Names end in',
  option: (name: string, state: string) => `${name} – ${state}`,
  optionClear: (name: string, state: string) => `${name} – ${state} (clear text)`,
  show: (name: string, state: string) => `Show ${name}: ${state}`,
  through: (state: string, device: string) => `${state}, through ${device}`,
  connectOf: (name: string) => `Connect ${name}`,
  disconnectOf: (name: string) => `Disconnect ${name}`,
  atStart: (name: string) => `Connect ${name} when the app starts`,
  names: (name: string) => `Names of ${name} in every program`,
  namesHint: (suffix: string) => `While connected, “ping nas.${suffix}” finds the device nas. Other names are not touched.`,
  namesNot: (problem: string) => `Not at the moment: ${problem}.`,
  frozen: 'connected, changes are frozen',
  phases: { disconnected: 'not connected', authorising: 'connecting', joining: 'joining', configuring: 'opening the tunnel', connected: 'connected', reconnecting: 'reconnecting', disconnecting: 'disconnecting', blocked: 'cannot connect' } satisfies Readonly<Record<SessionTopic['phase'], string>>,
  colours: { blue: 'Blue', green: 'Green', orange: 'Orange', violet: 'Violet', teal: 'Teal', red: 'Red', pink: 'Pink', brown: 'Brown' } satisfies Readonly<Record<NetworkColour, string>>,
};
