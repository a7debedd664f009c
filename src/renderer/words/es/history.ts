import { pluralIn } from '../../../contract/language.ts';
import type { PageWords } from '../en/index.ts';

const count = pluralIn('es');

export const history: PageWords['history'] = {
  title: 'Mediciones',
  lastDay: 'Últimas 24 horas',
  reading: 'Leyendo…',
  nothingOfPeer: 'Todavía no se guarda nada de este par. Empieza con su primer minuto de tráfico.',
  choose: 'Periodo que muestran los gráficos',
  ranges: { live: '2 min', hour: '1 h', day: '24 h' },
  charts: { cpu: 'Procesador', load: 'Carga', memory: 'Memoria', tunnel: 'Túnel', peers: 'Pares', traffic: 'Tráfico', roundTrip: 'Ida y vuelta' },
  lines: {
    used: 'En uso', load: 'Carga', received: 'Recibido', sent: 'Enviado', highest: 'Máximo', mean: 'Media', direct: 'Directos', relayed: 'Retransmitidos', away: 'Sin alcanzar', worst: 'Peor', usual: 'Habitual',
  },
  cores: (n) => count(n, { one: '# núcleo', other: '# núcleos' }),
  loads: (five, fifteen) => `${five} en 5 min · ${fifteen} en 15 min`,
  inAndOut: (received, sent) => `${received} de entrada · ${sent} de salida`,
  save: 'Exportar 24 h como CSV',
  saving: 'Escribiendo…',
  savedTo: (path) => `Escrito en ${path}`,
  nothing: 'En este tiempo no se midió nada.',
  nothingYet: 'En este tiempo no se midió nada. La aplicación anota una línea cada minuto mientras funciona.',
  noRoundTrip: 'En este tiempo no se midió ningún tiempo de ida y vuelta.',
  highest: (value, at) => `de media · máximo ${value} a las ${at}`,
  worst: (value, at) => `de media · peor ${value} a las ${at}`,
  busiest: (received, sent, at, rate) => `${received} de entrada · ${sent} de salida · máximo a las ${at}: ${rate} de entrada`,
  direct: (devices) => `${devices} directos`,
  others: (relayed, away) => `de media · ${relayed} por un relé · ${away} sin alcanzar`,
  ways: (direct, relayed, none) => `Alcanzado directamente el ${direct} del tiempo, retransmitido el ${relayed}, sin alcanzar el ${none}.`,
  gaps: (measured, hours) => `Se midieron ${measured} de ${hours} h: en los huecos la aplicación no funcionaba, el dispositivo dormía o no estaba conectado.`,
};
