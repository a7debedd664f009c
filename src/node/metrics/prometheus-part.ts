import { cell, type ReadCell } from '../../base/cell.ts';
import { type Clock } from '../../base/clock.ts';
import { type Failure } from '../../base/failure.ts';
import { type Log } from '../../base/log.ts';
import { Feature } from '../../gen/v1/mesh_messages.ts';
import { type RaftView } from '../../raft/types.ts';
import { type NodeConfig } from '../config.ts';
import { distinct, keepListening, type ListenAddress } from '../listening.ts';
import { type Part } from '../parts.ts';
import { type MetricsHttps, type ProcessMeter } from '../path-ports.ts';
import { type HostSample } from '../ports.ts';
import { type CallFigures } from './call-counts.ts';
import { type Family } from './families.ts';
import { buildFigures, hostFigures, processFigures } from './machine-figures.ts';
import { createPage } from './page.ts';
import { type PathMetrics, pathFigures, type RelayMetric, relayFigures } from './path-figures.ts';
import { raftFigures } from './raft-figures.ts';
import { createReaders, type RosterReads } from './readers.ts';
import { textOf, textType } from './registry.ts';
import { tunnelFigures } from './tunnel-figures.ts';

export interface PrometheusPorts {
  readonly config: NodeConfig;
  readonly build: { readonly version: string; readonly commit: string };
  readonly https: MetricsHttps;
  /** What the API's server counted: it is handed to that server as well. */
  readonly calls: Pick<CallFigures, 'families'>;
  readonly view: ReadCell<RaftView>;
  readonly appliedIndex: ReadCell<number>;
  /** Length of one tick of consensus. */
  readonly tickMs: number;
  readonly reads: RosterReads;
  readonly hostSample: () => Promise<HostSample>;
  readonly openProcessMeter: () => ProcessMeter;
  /** Left out: no path finder. */
  readonly paths?: () => PathMetrics;
  /** Left out: nothing is relayed here. */
  readonly relays?: () => readonly RelayMetric[];
  readonly clock: Clock;
  readonly log: Log;
}

const path = '/metrics';
/** Labelled at most. There may be more peers than that; they are in the sums only. */
const peersMax = 2_000;

/**
 * The endpoint that Prometheus scrapes: http://<mesh address>:<prometheus port>/metrics, for members. It says that it offers METRICS while at
 * least one mesh address listens. A port in use is told and tried again; an address that this machine does not have yet is waited for.
 */
export function createPrometheusPart(ports: PrometheusPorts): Part {
  const { reads, https, clock, log } = ports;
  let config = ports.config;
  let meter: ProcessMeter | null = null;
  const features = cell<readonly Feature[]>([]);
  const problem = cell<Failure | null>(null);
  const bound = new Set<string>();

  const http = https.create(createPage({
    path, type: textType, log,
    mayRead: createReaders(reads, config.identity !== null),
    text: async () => textOf(await figures()),
  }));
  const told = (): void => {
    if ((bound.size > 0) !== (features.get().length > 0)) features.set(bound.size > 0 ? [Feature.METRICS] : []);
  };
  const listening = keepListening({
    listen: async (address, signal) => {
      const port = await http.listen(address, signal);
      bound.add(keyOf(address));
      told();
      return port;
    },
    unlisten: (address) => {
      bound.delete(keyOf(address));
      told();
      http.unlisten(address);
    },
  }, clock, (failure) => problem.set(failure));

  async function figures(): Promise<readonly Family[]> {
    meter ??= ports.openProcessMeter();
    const process = meter.sample();
    const host = await ports.hostSample();
    const names = new Map(reads.nodes().flatMap(({ id, publicKey }) => (publicKey === null ? [] : [[publicKey, id] as const])));
    return [
      ...buildFigures(ports.build, config.nodeId, process.runtime),
      ...raftFigures(ports.view.get(), ports.appliedIndex.get(), ports.tickMs, peersMax),
      ...tunnelFigures(config.tunnel, (key) => names.get(key), peersMax),
      ...(ports.paths ? pathFigures(ports.paths(), peersMax) : []),
      ...(ports.relays ? relayFigures(ports.relays()) : []),
      ...ports.calls.families(),
      ...hostFigures(host),
      ...processFigures(process),
    ];
  }

  function follow(): void {
    const { services, paths, meshIpv4, meshIpv6 } = config;
    if (!services.prometheus) meter = closed(meter);
    else meter ??= ports.openProcessMeter();
    listening.set(services.prometheus ? distinct([meshIpv4, meshIpv6]).map((host) => ({ host, port: paths.prometheusPort })) : []);
  }

  follow();
  return {
    name: 'prometheus',
    features,
    problem,
    update: (next) => {
      config = next;
      follow();
    },
    close: async () => {
      listening.close();
      meter = closed(meter);
      await http.close();
    },
  };
}

function closed(meter: ProcessMeter | null): null {
  meter?.close();
  return null;
}

function keyOf({ host, port }: ListenAddress): string {
  return `${host} ${port}`;
}
