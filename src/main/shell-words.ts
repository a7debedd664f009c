/** What the shell itself says: its menu, and its notifications. Sentences about failures and warnings are the contract's. */
export const menuWords = {
  open: 'Open Webmesh',
  settings: 'Settings…',
  help: 'Help',
  helper: 'Helper',
  helperAway: 'The helper does not answer',
  report: 'Write a report for support',
  add: 'Create or join a network…',
  quit: 'Quit',
  quitOnly: 'Quit and stay connected',
  disconnectAndQuit: 'Disconnect and quit',
  connect: 'Connect',
  clearText: 'CLEAR TEXT',
  disconnect: 'Disconnect',
  disconnectAll: 'Disconnect all networks',
  stop: 'Stop connecting',
  tryAgain: 'Try again',
  tryNow: 'Try now',
  show: 'Open the window',
  showThis: 'Show in the window',
  frozen: 'connected, changes are frozen',
  phases: {
    disconnected: 'not connected', authorising: 'connecting', joining: 'connecting', configuring: 'connecting', connected: 'connected',
    reconnecting: 'reconnecting', disconnecting: 'disconnecting', blocked: 'cannot connect',
  },
} as const;

interface Notice {
  readonly title: string;
  readonly body: string;
}

export const copied = (text: string): Notice => ({ title: 'Copied', body: text });
export const reported = (path: string): Notice => ({ title: 'The report is written', body: `It is in ${path}. Look through it before you send it.` });

/** Where the app is once its window was closed, in the words of this system. */
export function wentToTray(platform: NodeJS.Platform): Notice {
  const where = platform === 'darwin' ? 'in the menu bar' : platform === 'win32' ? 'in the notification area; it may be behind the small arrow' : 'in the panel';
  return { title: 'Webmesh goes on', body: `Closing the window does not disconnect. Its icon is ${where}, and Quit is in its menu.` };
}
