import { pluralIn } from '../../../contract/language.ts';
import type { PageWords } from '../en/index.ts';

const count = pluralIn('es');

export const device: PageWords['device'] = {
  title: 'Este dispositivo',
  system: (os, kernel, architecture, upFor) => `${os} · ${kernel} · ${architecture} · encendido desde hace ${upFor}`,
  node: 'Nodo',
  notRunning: 'Detenido. Se inicia al conectar.',
  name: 'Nombre',
  nameCopied: 'el nombre de este dispositivo',
  status: 'Estado',
  running: 'en marcha',
  runningFor: (span) => `en marcha desde hace ${span}`,
  stopped: 'detenido',
  role: 'Rol',
  network: 'Red',
  addressRange: 'Rango de direcciones',
  version: 'Versión',
  tells: 'Lo que anuncia a la red que sabe hacer',
  noMeasurements: 'Todavía no hay mediciones.',
  disks: 'Discos',
  noDisks: 'No se ha encontrado ninguno.',
  quorum: {
    title: 'Quién gestiona la red',
    notShared: 'Esta red no comparte cómo se gestiona.',
    knownLater: 'Se sabe mientras este dispositivo está conectado.',
    leads: 'dirige',
    votes: 'vota',
    keepsCopy: 'guarda una copia',
    leadsHere: 'dirige, este dispositivo',
    votesHere: 'vota, este dispositivo',
    keepsCopyHere: 'guarda una copia, este dispositivo',
    andMore: (n) => count(n, { other: 'y # más' }),
    leader: 'Dirección',
    copy: 'Copia',
    entry: (term, applied, agreed) => `Mandato ${term}, entrada ${applied} de ${agreed}.`,
  },
};
