import type { PageWords } from '../en/index.ts';

export const app: PageWords['app'] = {
  clearText: 'Klartext',
  clearTextSays: 'Klartext.',
  clearTextWhat: (name) => `Beitreten zu ${name} und das Verwalten sind nicht verschlüsselt, und niemand weist sich aus. Der Verkehr im Tunnel ist verschlüsselt.`,
};
