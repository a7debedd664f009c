import type { PageWords } from '../en/index.ts';

export const several: PageWords['several'] = {
  connect: 'Verbinden',
  disconnect: 'Trennen',
  save: 'Speichern',
  colour: 'Farbe',
  suffix: 'Namen enden auf',
  option: (name, state) => `${name} – ${state}`,
  optionClear: (name, state) => `${name} – ${state} (Klartext)`,
  show: (name, state) => `${name} zeigen: ${state}`,
  through: (state, device) => `${state}, über ${device}`,
  connectOf: (name) => `${name} verbinden`,
  disconnectOf: (name) => `${name} trennen`,
  atStart: (name) => `${name} beim Start der App verbinden`,
  names: (name) => `Namen von ${name} in jedem Programm`,
  namesHint: (suffix) => `Während der Verbindung findet „ping nas.${suffix}“ das Gerät nas. Andere Namen bleiben, wie sie sind.`,
  namesNot: (problem) => `Zurzeit nicht: ${problem}.`,
  frozen: 'verbunden, Änderungen ruhen',
  phases: { disconnected: 'nicht verbunden', authorising: 'verbindet', joining: 'tritt bei', configuring: 'öffnet den Tunnel', connected: 'verbunden', reconnecting: 'verbindet neu', disconnecting: 'trennt', blocked: 'kann nicht verbinden' },
  colours: { blue: 'Blau', green: 'Grün', orange: 'Orange', violet: 'Violett', teal: 'Petrol', red: 'Rot', pink: 'Rosa', brown: 'Braun' },
};
