import { cell } from '../../src/base/cell.ts';
import type { CorePorts, HelperClient, HelperLink, NodeClient } from '../../src/core/ports.ts';
import type { WatchResponse } from '../../src/gen/webmesh/helper/v1/helper.ts';
import { coreWorld, type CoreWorld } from './core-world.ts';

/** One core, one helper, two meshes: that at 192.0.2.1 and that at 192.0.2.2. Each half has its own tunnel, node process and order of generations. */
export interface TwoWorlds {
  readonly ports: CorePorts;
  readonly first: CoreWorld;
  readonly second: CoreWorld;
  /** The helper with both tunnels goes, and comes back. */
  down(): void;
  up(): void;
  pass(ms: number): Promise<void>;
}

export function twoWorlds(): TwoWorlds {
  const first = coreWorld();
  const second = coreWorld({ clock: first.clock, net: 8 });
  const halves = [first, second] as const;
  const link = cell<HelperLink>(first.helper.link.get());
  const reports = (): WatchResponse | null => {
    const all = halves.map(({ ports }) => ports.helper.report.get());
    return all.includes(null) ? null : { networks: all.flatMap((report) => report?.networks ?? []) };
  };
  const report = cell(reports());
  for (const { ports } of halves) ports.helper.report.subscribe(() => report.set(reports()));

  /** Whose tunnel it is, by where its network is joined. */
  const halfOf = (tunnelId: string): CoreWorld => {
    const { list = [] } = (first.documents.get('profiles') ?? {}) as { list?: readonly { id: string; address: string }[] };
    const address = list.find(({ id }) => id === tunnelId)?.address ?? '';
    if (address !== '') return address.startsWith('192.0.2.2') ? second : first;
    return halves.find(({ helper }) => helper.tunnel?.tunnelId === tunnelId || helper.node?.tunnelId === tunnelId) ?? first;
  };
  const helper: HelperClient = {
    ...first.ports.helper, link, report,
    hello: (id, signal, options) => halfOf(id).ports.helper.hello(id, signal, options),
    applyTunnel: (generation, spec, signal) => halfOf(spec.tunnelId).ports.helper.applyTunnel(generation, spec, signal),
    clearTunnel: (id, generation, signal) => halfOf(id).ports.helper.clearTunnel(id, generation, signal),
    setNode: (id, generation, spec, signal) => halfOf(id).ports.helper.setNode(id, generation, spec, signal),
  };
  const nodeOf = (socketPath: string): NodeClient => (socketPath.includes('/8/') ? second : first).ports.node;
  const node = new Proxy(first.ports.node, {
    get: (_, name: keyof NodeClient) => (socketPath: string, ...rest: readonly unknown[]) => (nodeOf(socketPath)[name] as (...all: readonly unknown[]) => unknown)(socketPath, ...rest),
  });
  const worldAt = (address: string): CoreWorld => (address.startsWith('192.0.2.2') ? second : first);
  return {
    first, second,
    ports: {
      ...first.ports, helper, node,
      mesh: { dial: (address, security) => worldAt(address).ports.mesh.dial(address, security), probe: (address, signal) => worldAt(address).ports.mesh.probe(address, signal) },
    },
    down: () => {
      for (const half of halves) half.helper.down();
      link.set(first.helper.link.get());
    },
    up: () => {
      for (const half of halves) half.helper.up();
      for (const half of halves) half.helper.report();
      link.set(first.helper.link.get());
    },
    pass: first.pass,
  };
}
