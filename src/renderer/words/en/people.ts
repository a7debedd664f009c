/** People and devices: who waits, who belongs, who was cut off. */
export const people = {
  thisDevice: 'this device',
  wouldJoin: (id: string, joins: string, ago: string) => `${id}, would join ${joins}, asked ${ago}`,
  wouldJoinInvited: (id: string, joins: string, inviter: string, ago: string) => `${id}, would join ${joins}, invited by ${inviter}, asked ${ago}`,
  fingerprintOf: (name: string) => `Fingerprint of ${name}`,
  compare: 'The same groups stand on its screen. Ask its owner to read them to you; accept only if they are equal.',
  accept: 'Accept',
  accepting: 'Accepting…',
  acceptOf: (name: string) => `Accept ${name}`,
  accepted: (name: string) => ({ what: `Accepted ${name}.`, next: 'It connects by itself in a moment.' }),
  refuse: 'Refuse…',
  refuseOf: (name: string) => `Refuse ${name}`,
};
