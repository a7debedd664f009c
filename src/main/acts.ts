import type { Client } from '../contract/client.ts';
import { doFix } from '../contract/fixes.ts';
import { isHelpLink } from './hardening.ts';
import type { MenuAction } from './menu-items.ts';
import type { MainWindow } from './window-life.ts';

/** What the system and the shell do for a click in a menu. */
export interface ActPorts {
  readonly client: Pick<Client, 'call'>;
  readonly window: Pick<MainWindow, 'show'> | undefined;
  copy(text: string): Promise<void>;
  /** In the person's browser. */
  openOutside(link: string): Promise<void>;
  tellReport(path: string): void;
  quit(): void;
}

/** Does what a click in the tray's menu or the application's asks for. Rejects with what the core refuses. */
export async function act(action: MenuAction, { client, window, ...system }: ActPorts): Promise<void> {
  switch (action.do) {
    case 'connect':
      return void (await client.call('session.connect', action.profile === undefined ? {} : { profile: action.profile }));
    case 'disconnect':
      return void (await client.call('session.disconnect', action.profile === undefined ? {} : { profile: action.profile }));
    case 'disconnect-all':
      return void (await client.call('session.disconnect', { all: true }));
    case 'retry':
      return void (await client.call('session.retry', { profile: action.profile }));
    case 'show':
      await client.call('profile.select', { profile: action.profile });
      return window?.show();
    case 'copy':
      return system.copy(action.text);
    case 'open':
      return window?.show(action.at);
    case 'report':
      return system.tellReport((await client.call('diagnostics.export', {})).path);
    case 'problems':
      return window?.show('health');
    case 'fix':
      if ('open' in action.way) return system.openOutside(action.way.open);
      if (!('place' in action.way)) return doFix(client, action.way);
      if (action.way.profile !== undefined) await client.call('profile.select', { profile: action.way.profile });
      return window?.show(action.way.place);
    case 'check-for-updates':
      window?.show('settings'); // what comes of it is said there
      return void (await client.call('update.check', {}));
    case 'follow':
      return isHelpLink(action.link) ? system.openOutside(action.link) : undefined;
    case 'disconnect-and-quit':
      await client.call('session.disconnect', { all: true });
      return system.quit();
    case 'quit':
      return system.quit();
  }
}
