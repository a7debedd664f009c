import type { PageWords } from '../en/index.ts';

export const app: PageWords['app'] = {
  clearText: 'Texto sin cifrar',
  clearTextSays: 'Texto sin cifrar.',
  clearTextWhat: (name) => `Unirse a ${name} y administrarla no va cifrado, y nadie demuestra quién es. El tráfico dentro del túnel va cifrado.`,
};
