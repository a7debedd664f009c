import type { PageWords } from '../en/index.ts';

export const settings: PageWords['settings'] = {
  title: 'Ajustes',
  networks: 'Redes',
  start: 'Inicio',
  startAtLogin: 'Iniciar la aplicación al iniciar sesión',
  stayConnected: 'Seguir conectado después de salir',
  stayConnectedHint: 'Sus dispositivos se siguen alcanzando; el próximo inicio toma el relevo.',
  notifications: 'Notificaciones',
  notify: 'Notificarme',
  notifyHint: 'Solo mientras ninguna ventana de la aplicación esté delante.',
  appearance: 'Apariencia',
  theme: 'Tema',
  themes: { system: 'Como el sistema', light: 'Claro', dark: 'Oscuro' },
  language: 'Idioma',
  languageSystem: 'Como el sistema',
  diagnostics: 'Diagnóstico',
  logLevel: 'Qué guarda el registro',
  levels: { error: 'Solo fallos', warn: 'También avisos', info: 'Lo que ocurre (habitual)', debug: 'Todo, con nombres y direcciones' },
  license: 'Software libre bajo la licencia Apache 2.0. WireGuard es una marca registrada de Jason A. Donenfeld.',
};
