import { assert } from '../base/assert.ts';
import { type Change, type Configuration, type Index, type Server, type SnapshotRef } from './types.ts';

interface ConfigurationAt {
  readonly index: Index;
  readonly configuration: Configuration;
}

const emptyConfiguration: ConfigurationAt = { index: 0, configuration: { servers: [] } };

/**
 * The configurations of the log, oldest first. The newest is in force from its append (§6) and goes away when its entry is truncated.
 * Old ones stay until nobody can ask for them any more, so that a snapshot at an applied index takes the configuration of that index.
 */
export interface Membership {
  readonly latest: ConfigurationAt;
  at(index: Index): ConfigurationAt;
  /** The configuration at an index and all later ones. */
  since(index: Index): readonly Configuration[];
  append(index: Index, configuration: Configuration): void;
  truncate(from: Index): void;
  restore(snapshot: SnapshotRef): void;
  /** Nobody will ask for an index below this one. */
  forget(below: Index): void;
}

export function createMembership(snapshot: SnapshotRef | null): Membership {
  const base = (ref: SnapshotRef): ConfigurationAt => ({ index: ref.configurationIndex, configuration: ref.configuration });
  let history: ConfigurationAt[] = [snapshot ? base(snapshot) : emptyConfiguration];
  const latest = (): ConfigurationAt => history[history.length - 1] as ConfigurationAt;
  return {
    get latest() {
      return latest();
    },
    at: (index) => history.findLast((one) => one.index <= index) ?? (history[0] as ConfigurationAt),
    since: (index) => history.slice(Math.max(0, history.findLastIndex((one) => one.index <= index))).map((one) => one.configuration),
    append: (index, configuration) => {
      assert(index > latest().index, 'configurations are appended in order');
      history.push({ index, configuration });
    },
    truncate: (from) => {
      while (history.length > 1 && latest().index >= from) history.pop();
    },
    restore: (ref) => {
      history = [base(ref)];
    },
    forget: (below) => {
      while (history.length > 1 && (history[1] as ConfigurationAt).index <= below) history.shift();
    },
  };
}

/** Unique ids and addresses, none empty, at least one voter. */
export function isValid({ servers }: Configuration): boolean {
  return (
    servers.some((server) => server.voter) &&
    servers.every((server) => server.id !== '' && server.address !== '') &&
    new Set(servers.map((server) => server.id)).size === servers.length &&
    new Set(servers.map((server) => server.address)).size === servers.length
  );
}

/** The configuration after a change, or null when the change is impossible, invalid or changes nothing. */
export function changed({ servers }: Configuration, change: Change): Configuration | null {
  const next = { servers: changedServers(servers, change) };
  return same(servers, next.servers) || !isValid(next) ? null : next;
}

function changedServers(servers: readonly Server[], change: Change): readonly Server[] {
  const replace = (with_: (server: Server) => Server): readonly Server[] => servers.map((server) => (server.id === change.id ? with_(server) : server));
  switch (change.kind) {
    case 'add-observer':
      return servers.some((server) => server.id === change.id) ? servers : [...servers, { id: change.id, address: change.address, voter: false }];
    case 'promote':
      return replace((server) => ({ ...server, voter: true }));
    case 'demote':
      return replace((server) => ({ ...server, voter: false }));
    case 'readdress':
      return replace((server) => ({ ...server, address: change.address }));
    case 'remove':
      return servers.filter((server) => server.id !== change.id);
  }
}

function same(a: readonly Server[], b: readonly Server[]): boolean {
  return a.length === b.length && a.every((server, i) => server.id === b[i]?.id && server.address === b[i]?.address && server.voter === b[i]?.voter);
}
