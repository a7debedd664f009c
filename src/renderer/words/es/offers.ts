import type { PageWords } from '../en/index.ts';

export const offers: PageWords['offers'] = {
  title: 'Lo que este dispositivo hace por los demás',
  knownLater: 'Se sabe cuando se elige una red.',
  forMembers: (network) => `Para los miembros de ${network}, mientras este dispositivo esté conectado.`,
  of: (label) => `${label}:`,
  atMost: 'Como máximo',
  unit: 'Mbit/s para los demás',
  set: 'Fijar',
  shares: {
    title: 'Direcciones compartidas',
    nothing: (network) => `No se comparte nada: los miembros de ${network} no alcanzan ningún programa a través de este dispositivo.`,
    these: (network) => `Los miembros de ${network} alcanzan estas a través de este dispositivo, y nada más.`,
    remove: 'Quitar',
    removeOf: (share) => `Quitar ${share}`,
    removed: (share) => ({ what: `${share} ya no se comparte.`, next: 'Ya nadie puede conectarse a través de este dispositivo.' }),
    protocol: 'Protocolo',
    address: 'Dirección',
    port: 'Puerto',
    share: 'Compartir',
  },
};
