import { pluralIn } from '../../contract/language.ts';

const count = pluralIn('en');

/** What the shell itself says: its menu, its dialogs and its notifications. Its shape is what every other language must have. */
export const en = {
  menu: {
    open: 'Open Webmesh',
    settings: 'Settings…',
    help: 'Help',
    version: (version: string) => `Webmesh ${version}`,
    helper: (version: string) => `Helper ${version}`,
    helperAway: 'The helper does not answer',
    report: 'Write a report for support',
    add: 'Create or join a network…',
    quit: 'Quit',
    quitOnly: 'Quit and stay connected',
    disconnectAndQuit: 'Disconnect and quit',
    connect: 'Connect',
    again: 'Try again',
    disconnect: 'Disconnect',
    stopConnecting: 'Stop connecting',
    thisDevice: 'This device',
    peers: (n: number) => count(n, { other: 'Peers (#)' }),
    more: (n: number) => count(n, { other: '# more…' }),
    relayed: (peer: string) => `${peer} (relayed)`,
  },
  /** The application's menu and its items; `roles` are what Electron does by itself. */
  bar: {
    network: 'Network', edit: 'Edit', view: 'View', window: 'Window', update: 'Check for updates…', create: 'New network…', join: 'Join by link…', problems: 'Problems and hints…', wireGuard: 'About WireGuard (wireguard.com)',
    roles: {
      undo: 'Undo', redo: 'Redo', cut: 'Cut', copy: 'Copy', paste: 'Paste', selectAll: 'Select all',
      close: 'Close window', minimize: 'Minimise', zoom: 'Zoom window', front: 'Bring all to front', togglefullscreen: 'Full screen', resetZoom: 'Actual size', zoomIn: 'Larger', zoomOut: 'Smaller',
      about: 'About Webmesh', services: 'Services', hide: 'Hide Webmesh', hideOthers: 'Hide others', unhide: 'Show all', reload: 'Reload the page', toggleDevTools: 'Page inspector',
    },
  },
  /** The window's screens, as the window itself calls them. */
  places: { connect: 'Connect', peers: 'Peers', people: 'People', device: 'This device', health: 'Health', settings: 'Settings' },
  /** Each of several networks. */
  network: {
    line: (name: string, state: string) => `${name}: ${state}`,
    frozen: 'connected, changes are frozen',
    phases: { disconnected: 'not connected', authorising: 'connecting', joining: 'connecting', configuring: 'connecting', connected: 'connected', reconnecting: 'reconnecting', disconnecting: 'disconnecting', blocked: 'cannot connect' },
    disconnectAll: 'Disconnect all networks',
    tryNow: 'Try now',
    show: 'Open the window',
    showThis: 'Show in the window',
  },
  tooltip: (status: string) => `Webmesh: ${status}`,
  tooltipProblem: (status: string, problem: string) => `Webmesh: ${status}. ${problem}`,
  status: {
    noNetwork: 'No network yet',
    disconnected: 'Disconnected',
    connecting: 'Connecting',
    connectingTo: (network: string) => `Connecting to ${network}`,
    connected: 'Connected',
    connectedTo: (network: string) => `Connected to ${network}`,
    frozen: (status: string) => `${status}: changes are frozen, traffic is fine`,
    onlyRelayed: (status: string) => `${status}: only through relays`,
    reconnecting: (why: string) => `Reconnecting: ${why}`,
    reconnectingTo: (network: string, why: string) => `Reconnecting to ${network}: ${why}`,
    disconnecting: 'Disconnecting',
    blocked: (why: string) => `Blocked: ${why}`,
    clearText: (network: string) => `${network} (CLEAR TEXT)`,
  },
  copied: 'Copied',
  reported: { title: 'The report is written', body: (path: string) => `It is in ${path}. Look through it before you send it.` },
  /** Where the app is once its window was closed, in the words of this system. */
  wentToTray: {
    title: 'Webmesh goes on',
    darwin: 'Closing the window does not disconnect. Its icon is in the menu bar, and Quit is in its menu.',
    win32: 'Closing the window does not disconnect. Its icon is in the notification area; it may be behind the small arrow, and Quit is in its menu.',
    linux: 'Closing the window does not disconnect. Its icon is in the panel, and Quit is in its menu.',
  },
  /** `--uninstall` of an AppImage, in the terminal. */
  uninstall: {
    appEnded: 'Ended the app, which disconnected.',
    serviceEnded: 'Ended the system service and its tunnels.',
    removed: (path: string) => `Removed ${path}`,
    changed: (path: string) => `Took Webmesh out of ${path}`,
    kept: (folder: string) => `Kept your networks, keys and settings in ${folder}; --purge removes them too.`,
    roots: (folder: string) => `What the system service kept belongs to root: sudo rm -r ${folder}`,
    last: (file: string) => `Now delete ${file}`,
    notAppImage: 'This works for an AppImage. An installed package is removed by the system’s package manager.',
  },
  badInvite: 'Webmesh cannot use this invite',
  cannotStart: 'Webmesh cannot start',
  saveInvite: 'Save the invite',
};

export type ShellWords = typeof en;
