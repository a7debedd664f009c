import type { PageWords } from '../en/index.ts';

export const firstRun: PageWords['firstRun'] = {
  welcome: 'Willkommen bei Webmesh',
  add: 'Netzwerk hinzufügen',
  about: 'Ein privates Netzwerk zwischen Ihren eigenen Geräten. Kein Konto und kein Server von uns: Ihre Geräte betreiben es selbst.',
  create: 'Netzwerk erstellen',
  createAbout: 'Dieses Gerät wird sein erstes. Die anderen laden Sie mit einem Link ein, wann immer Sie möchten.',
  name: 'Name des Netzwerks',
  nameExample: 'Zuhause',
  deviceName: 'Name dieses Geräts',
  deviceNameExample: 'sein Hostname',
  deviceNameHint: 'Buchstaben, Ziffern und Bindestriche.',
  range: 'IPv4-Bereich des Netzwerks',
  rangeHint: 'Ein privater Bereich, den keines Ihrer lokalen Netze benutzt.',
  old: 'Altes Netzwerk im Klartext',
  oldOn: 'Beitreten und Verwalten werden nicht verschlüsselt, und es gibt keine Einladungen. Nur für Programme, die keine Zertifikate kennen.',
  oldOff: 'Aus: Geräte weisen sich aus, und alles ist verschlüsselt.',
  creating: 'Wird erstellt …',
  createIt: 'Netzwerk jetzt erstellen',
};
