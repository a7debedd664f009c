import type { PageWords } from '../en/index.ts';

export const diagnostics: PageWords['diagnostics'] = {
  hint: 'Rien ne quitte cet appareil de lui-même. Un rapport contient des versions, des états et des lignes de journal, sans clés ni jetons.',
  export: 'Exporter un rapport',
  writing: 'Écriture…',
  show: 'Afficher le journal',
  hide: 'Masquer le journal',
  readAgain: 'Relire',
  onlyTrouble: 'Avertissements et erreurs seulement',
  writtenTo: (path) => `Écrit dans ${path}`,
  path: 'le chemin du rapport',
  lines: 'Dernières lignes du journal',
  nothing: 'Rien à afficher.',
};
