import type { PageWords } from '../en/index.ts';

export const settings: PageWords['settings'] = {
  title: 'Einstellungen',
  networks: 'Netzwerke',
  start: 'Starten',
  startAtLogin: 'App starten, wenn ich mich anmelde',
  stayConnected: 'Nach dem Beenden verbunden bleiben',
  stayConnectedHint: 'Ihre Geräte erreichen einander weiter; der nächste Start übernimmt.',
  notifications: 'Benachrichtigungen',
  notify: 'Mich benachrichtigen',
  notifyHint: 'Nur solange kein Fenster der App vorn ist.',
  appearance: 'Darstellung',
  theme: 'Farbschema',
  themes: { system: 'Wie das System', light: 'Hell', dark: 'Dunkel' },
  language: 'Sprache',
  languageSystem: 'Wie das System',
  diagnostics: 'Diagnose',
  logLevel: 'Was das Protokoll behält',
  levels: { error: 'Nur Fehler', warn: 'Auch Warnungen', info: 'Was geschieht (üblich)', debug: 'Alles, mit Namen und Adressen' },
  license: 'Freie Software unter der Apache-Lizenz 2.0. WireGuard ist eine eingetragene Marke von Jason A. Donenfeld.',
};
