import type { PageWords } from '../en/index.ts';

export const app: PageWords['app'] = {
  clearText: 'En clair',
  clearTextSays: 'En clair.',
  clearTextWhat: (name) => `Rejoindre et gérer ${name} n’est pas chiffré, et personne ne prouve son identité. Le trafic dans le tunnel est chiffré.`,
};
