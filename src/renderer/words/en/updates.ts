/** Newer versions: the buttons. What their state is, is said by every shell. */
export const updates = {
  title: 'Updates',
  tell: 'Tell me about newer versions',
  tellHint: 'The app then looks once a day. The place that it asks sees the address of this network and nothing else. Nothing is downloaded or installed by itself.',
  look: 'Look now',
  download: (size: string) => `Download (${size})`,
  stop: 'Stop',
  dismiss: 'Put away',
  remove: 'Remove the file',
  progress: 'Download of the newer version',
  command: 'how to install it',
  open: 'See what is new',
};
