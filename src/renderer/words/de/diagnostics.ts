import type { PageWords } from '../en/index.ts';

export const diagnostics: PageWords['diagnostics'] = {
  hint: 'Von selbst verlässt nichts dieses Gerät. Ein Bericht enthält Versionen, Zustände und Protokollzeilen, keine Schlüssel und keine Token.',
  export: 'Bericht exportieren',
  writing: 'Wird geschrieben …',
  show: 'Protokoll anzeigen',
  hide: 'Protokoll ausblenden',
  readAgain: 'Neu lesen',
  onlyTrouble: 'Nur Warnungen und Fehler',
  writtenTo: (path) => `Geschrieben nach ${path}`,
  path: 'den Pfad des Berichts',
  lines: 'Neueste Protokollzeilen',
  nothing: 'Nichts anzuzeigen.',
};
