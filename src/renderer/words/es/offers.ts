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
  list: {
    iceNegotiation: { label: 'Ayudar a que los dispositivos se encuentren (WebRTC)', hint: 'Pasa unos pocos mensajes para que dos dispositivos detrás de routers se encuentren. Apenas cuesta nada.' },
    turnServer: { label: 'Relé (TURN)', hint: 'Lleva paquetes de miembros que no pueden encontrarse. Siguen cifrados; este dispositivo solo ve cuántos son.' },
    meshDns: { label: 'Nombres de dispositivos (DNS de la red)', hint: 'Responde preguntas como «¿dónde está nas?», en la dirección de este dispositivo en la red.' },
    prometheus: { label: 'Métricas para Prometheus', hint: 'Los miembros pueden leer cómo están este dispositivo y su túnel.' },
  },
  states: { answers: 'Responde ahora.', starting: 'Se desea, pero todavía no responde.', stopping: 'Todavía responde; se está deteniendo.', later: 'Se inicia cuando este dispositivo se conecta.' },
  trouble: {
    because: (problem) => `Se desea, pero no responde: ${problem}. Se vuelve a intentar por sí solo.`,
    portTaken: (port) => `Se desea, pero no responde: otro programa de este dispositivo tiene el puerto ${port}. Se vuelve a intentar por sí solo.`,
    plain: 'Se desea, pero no responde. Se vuelve a intentar por sí solo.',
  },
  typed: { limit: 'escriba un número entero de 1 a 10000', present: 'ya está en la lista' },
  opens: {
    here: (protocol, port) => `Todos los miembros pueden alcanzar el puerto ${protocol} ${port} de este dispositivo, también el de un programa que solo escucha para este dispositivo.`,
    through: (protocol, port, host) => `Todos los miembros pueden alcanzar el puerto ${protocol} ${port} de ${host} a través de este dispositivo, como si lo pidiera este dispositivo. Esa máquina no puede distinguirlos.`,
  },
};
