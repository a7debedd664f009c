import type { Role } from '../../../base/identity.ts';
import { pluralIn } from '../../../contract/language.ts';
import type { ClusterRole } from '../../../contract/state.ts';

const count = pluralIn('en');

/** The list of peers: search, filters, groups, columns, and what a device is in the network. */
export const peers = {
  title: 'Peers',
  found: (n: number) => count(n, { one: '# device found.', other: '# devices found.' }),
  mayReach: (n: number) => count(n, { one: '# device you may reach.', other: '# devices you may reach.' }),
  polled: 'Asked for every few seconds.',
  stored: 'As they were last known.',
  view: 'View',
  list: 'List',
  map: 'Map',
  search: 'Search by name, address or key',
  searched: 'Name, address or key',
  showAll: 'Show all',
  nothing: {
    matches: (query: string) => `No device matches “${query}”.`,
    matchesFiltered: (query: string) => `No device matches “${query}” among those that the filters leave.`,
    whatIsSearched: 'Names, people, roles, addresses, endpoints and public keys are searched.',
    left: 'No device is left by these filters.',
    becomeFavourite: 'A device becomes a favourite with its star, or with the key S in the list.',
    takeFiltersOff: 'Filters can be taken off one by one.',
    joined: 'No other device has joined yet.',
    pressInvite: 'Press Invite and send the link to the other device; it appears here by itself.',
    askAdmin: 'An admin of the network can invite them.',
    toShow: 'No peers to show.',
    connectFirst: 'Connect first; the devices of the network appear here by themselves.',
  },
  showOnly: 'Show only',
  filters: {
    direct: { label: 'Direct', what: 'From device to device, without anybody between' },
    relayed: { label: 'Relayed', what: 'Through another device of the network, which cannot read it' },
    none: { label: 'Not reached', what: 'No path works at the moment' },
    mine: { label: 'Mine', what: 'This device, and those that it added' },
    favourites: { label: 'Favourites', what: 'The ones with a star' },
  },
  groups: 'Groups',
  groupings: { none: 'No groups', owner: 'By who added it', role: 'By role', state: 'By state' },
  heads: {
    self: 'This device',
    direct: 'Reached directly',
    relayed: 'Reached through a relay',
    none: 'Not reached at the moment',
    ownerUnknown: 'Nobody recorded who added these',
    addedHere: 'Added by this device',
    addedBy: (name: string) => `Added by ${name}`,
    roles: { admin: 'Admins', member: 'Members', guest: 'Guests' } satisfies Readonly<Record<Role, string>>,
    parts: { leader: 'Leaders', voter: 'Voters', observer: 'Members', unknown: 'Role unknown' } satisfies Readonly<Record<ClusterRole, string>>,
  },
  columnsChosen: 'Columns',
  columns: {
    name: 'Name', path: 'Status', address: 'Address', role: 'Role', owner: 'Added by', part: 'Part', endpoint: 'Endpoint', handshake: 'Handshake', traffic: 'Traffic', latency: 'Round trip',
  },
  favouriteOf: (name: string) => `Favourite: ${name}`,
  makeFavourite: 'Favourite (S)',
  noFavourite: 'No longer a favourite (S)',
  ownerUnknown: 'Unknown',
  thisDevice: 'This device',
  /** What a device does in managing the network. */
  parts: {
    leader: { word: 'Leader', why: 'Takes changes to the network and passes them to everyone.' },
    voter: { word: 'Voter', why: 'Votes on changes and can take over as leader.' },
    observer: { word: 'Member', why: 'Keeps a full copy of the network, does not vote.' },
    unknown: { word: 'Unknown', why: 'The network does not say which role this device has.' },
  } satisfies Readonly<Record<ClusterRole, object>>,
};
