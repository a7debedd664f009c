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
  list: {
    iceNegotiation: { label: 'Help devices meet (WebRTC)', hint: 'Passes a few messages on, so that two devices behind routers find each other. Costs next to nothing.' },
    turnServer: { label: 'Relay (TURN)', hint: 'Carries packets for members that cannot meet. They stay encrypted; this device sees only how many there are.' },
    meshDns: { label: 'Names of devices (mesh DNS)', hint: 'Answers questions such as “where is nas?”, at the address of this device in the network.' },
    prometheus: { label: 'Figures for Prometheus', hint: 'Members may read how this device and its tunnel are doing.' },
  },
  states: { answers: 'Answers now.', starting: 'Wanted, but it does not answer yet.', stopping: 'Still answers; it is being stopped.', later: 'Starts when this device connects.' },
  trouble: {
    because: (problem: string) => `Wanted, but it does not answer: ${problem}. It is tried again by itself.`,
    portTaken: (port: number) => `Wanted, but it does not answer: another program on this device has port ${port}. It is tried again by itself.`,
    plain: 'Wanted, but it does not answer. It is tried again by itself.',
  },
  /** What is wrong with what was typed; it goes on behind a colon. */
  typed: { limit: 'write a whole number from 1 to 10000', present: 'it is in the list already' },
  opens: {
    here: (protocol: string, port: number) => `Every member may reach ${protocol} port ${port} on this device, also of a program that listens for this device alone.`,
    through: (protocol: string, port: number, host: string) => `Every member may reach ${protocol} port ${port} of ${host} through this device, as if this device asked. That machine cannot tell them apart.`,
  },
};
