import { type Client } from '../contract/client.ts';
import { type TrayState } from './tray-view.ts';

/** Calls `show` with what the tray needs and the language that was chosen, once all topics are known and whenever one changes. `owned`: the core ends with this app. */
export function watchForTray(client: Pick<Client, 'watch'>, app: { readonly version: string; readonly owned: () => boolean }, show: (state: TrayState, language: string) => void): void {
  let state: Partial<TrayState> = {};
  let language = 'system';
  const put = (change: Partial<TrayState>): void => {
    state = { ...state, ...change };
    if (isWhole(state)) show(state, language);
  };
  client.watch('session', (session) => put({ session }));
  client.watch('profiles', (profiles) => put({ profiles }));
  client.watch('peers', (peers) => put({ peers }));
  client.watch('health', ({ warnings }) => put({ warnings }));
  client.watch('settings', (settings) => {
    language = settings.language;
    put({ staysConnected: settings.stayConnected || !app.owned() });
  });
  client.watch('node', ({ helperVersion }) => put({ versions: { app: app.version, helper: helperVersion } }));
}

function isWhole(state: Partial<TrayState>): state is TrayState {
  const { session, profiles, peers, warnings, staysConnected, versions } = state;
  return [session, profiles, peers, warnings, staysConnected, versions].every((part) => part !== undefined);
}
