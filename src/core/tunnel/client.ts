import { type Cell, cell, type ReadCell } from '../../base/cell.ts';
import { failure, toData } from '../../base/failure.ts';
import type { NetworkState } from '../../gen/webmesh/helper/v1/helper.ts';
import type { HelperClient, HelperLink, TunnelClient } from '../ports.ts';

/** The helper as one network sees it: the calls name its tunnel, and the report is of it alone. */
export function tunnelClient(helper: HelperClient, tunnelId: string): TunnelClient & { close(): void } {
  // One value for all the time in which the helper has nothing of this network: who watches hears nothing then.
  const nothing: NetworkState = { tunnelId, tunnel: undefined, node: undefined };
  const own = (): NetworkState | null => {
    const all = helper.report.get();
    return all && (all.networks.find((network) => network.tunnelId === tunnelId) ?? nothing);
  };
  const report: Cell<NetworkState | null> = cell(own());
  const stop = helper.report.subscribe(() => report.set(own()));
  return {
    link: helper.link,
    report,
    hello: (signal, options) => helper.hello(tunnelId, signal, options),
    applyTunnel: helper.applyTunnel,
    clearTunnel: (generation, signal) => helper.clearTunnel(tunnelId, generation, signal),
    setNode: (generation, spec, signal) => helper.setNode(tunnelId, generation, spec, signal),
    close: stop,
  };
}

/** For the time in which no network is known: nobody is asked. */
export function noTunnel(): TunnelClient & { close(): void } {
  const away = failure('helper.unreachable', { problem: 'no network is known' });
  const link: ReadCell<HelperLink> = cell<HelperLink>({ state: 'down', failure: toData(away) });
  const refuse = (): Promise<never> => Promise.reject(away);
  return { link, report: cell<NetworkState | null>(null), hello: refuse, applyTunnel: refuse, clearTunnel: refuse, setNode: refuse, close: () => {} };
}
