/** What this device does for others: the switches, the relay's limit, and shared addresses. */
export const offers = {
  title: 'What this device does for others',
  knownLater: 'Known when a network is chosen.',
  forMembers: (network: string) => `For members of ${network}, as long as this device is connected.`,
  /** Heard before what an offer does now. */
  of: (label: string) => `${label}:`,
  atMost: 'At most',
  unit: 'Mbit/s for others',
  set: 'Set',
  shares: {
    title: 'Shared addresses',
    nothing: (network: string) => `Nothing is shared: members of ${network} reach no program through this device.`,
    these: (network: string) => `Members of ${network} reach these through this device, and nothing else.`,
    remove: 'Remove',
    removeOf: (share: string) => `Remove ${share}`,
    removed: (share: string) => ({ what: `${share} is no longer shared.`, next: 'Nobody can connect to it through this device any more.' }),
    protocol: 'Protocol',
    address: 'Address',
    port: 'Port',
    share: 'Share',
  },
};
