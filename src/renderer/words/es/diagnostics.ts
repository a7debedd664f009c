import type { PageWords } from '../en/index.ts';

export const diagnostics: PageWords['diagnostics'] = {
  hint: 'Nada sale de este dispositivo por sí solo. Un informe contiene versiones, estados y líneas del registro, sin claves ni tokens.',
  export: 'Exportar un informe',
  writing: 'Escribiendo…',
  show: 'Mostrar el registro',
  hide: 'Ocultar el registro',
  readAgain: 'Leer de nuevo',
  onlyTrouble: 'Solo avisos y errores',
  writtenTo: (path) => `Escrito en ${path}`,
  path: 'la ruta del informe',
  lines: 'Últimas líneas del registro',
  nothing: 'Nada que mostrar.',
};
