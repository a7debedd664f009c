export const app = {
  clearText: 'Clear text',
  clearTextSays: 'Clear text.',
  clearTextWhat: (name: string) => `Joining and managing ${name} is not encrypted, and nobody proves who they are. Traffic inside the tunnel is encrypted.`,
};
