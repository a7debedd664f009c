import type { PageWords } from '../en/index.ts';

export const updates: PageWords['updates'] = {
  title: 'Actualizaciones',
  tell: 'Avisarme de versiones más recientes',
  tellHint: 'La aplicación mira entonces una vez al día. El lugar al que pregunta ve la dirección de esta red y nada más. No se descarga ni se instala nada por sí solo.',
  look: 'Buscar ahora',
  download: (size) => `Descargar (${size})`,
  stop: 'Detener',
  dismiss: 'Apartar',
  remove: 'Quitar el archivo',
  progress: 'Descarga de la versión más reciente',
  command: 'cómo se instala',
  open: 'Ver las novedades',
};
