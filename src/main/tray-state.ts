import { type Client } from '../contract/client.ts';
import { type TrayState } from './tray-view.ts';

/** Calls `show` with the topics that the tray needs, once all are known and whenever one changes. */
export function watchForTray(client: Pick<Client, 'watch'>, show: (state: TrayState) => void): void {
  let state: Partial<TrayState> = {};
  const put = (change: Partial<TrayState>): void => {
    state = { ...state, ...change };
    if (isWhole(state)) show(state);
  };
  client.watch('session', (session) => put({ session }));
  client.watch('profiles', (profiles) => put({ profiles }));
  client.watch('peers', (peers) => put({ peers }));
  client.watch('health', ({ warnings }) => put({ warnings }));
}

function isWhole(state: Partial<TrayState>): state is TrayState {
  const { session, profiles, peers, warnings } = state;
  return session !== undefined && profiles !== undefined && peers !== undefined && warnings !== undefined;
}
