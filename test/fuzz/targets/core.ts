import { isDeepStrictEqual } from 'node:util';
import { type ServiceError, Metadata, status } from '@grpc/grpc-js';
import { cell } from '../../../src/base/cell.ts';
import { type Clock } from '../../../src/base/clock.ts';
import { failureKey } from '../../../src/base/rpc.ts';
import { silentLog } from '../../../src/base/log.ts';
import { columnsOf } from '../../../src/core/history/columns.ts';
import { pack, unpack } from '../../../src/core/history/pack.ts';
import { addMinute, addPeer, createRing } from '../../../src/core/history/ring.ts';
import { leaseFrom } from '../../../src/core/mesh/lease.ts';
import { fromJoinPeers, fromStored } from '../../../src/core/mesh/roster.ts';
import { countOverrides } from '../../../src/core/paths/overrides.ts';
import { pathFrom, whyFrom } from '../../../src/core/paths/peer-path.ts';
import { natFrom, problemOf } from '../../../src/core/paths/view.ts';
import { type Documents } from '../../../src/core/ports.ts';
import { loadProfiles } from '../../../src/core/profiles.ts';
import { createStored } from '../../../src/core/session/stored.ts';
import { loadSettings } from '../../../src/core/settings.ts';
import { tunnelSpec } from '../../../src/core/tunnel/spec.ts';
import { JoinResponse } from '../../../src/gen/v1/node_messages.ts';
import { WatchPathsResponse } from '../../../src/gen/webmesh/local/v1/local.ts';
import { parseTunnelSpec } from '../../../src/helper/tunnel/spec.ts';
import { fromServiceError } from '../../../src/platform/grpc-client.ts';
import { json } from '../shapes/json.ts';
import { proto } from '../shapes/proto.ts';
import { asyncRefusals, holds, jsonOf, refusals, type Target, utf8 } from '../target.ts';

const key = Buffer.alloc(32, 7).toString('base64');
const other = Buffer.alloc(32, 9).toString('base64');
const files = 'whoever could write in the home folder, and disks that forget';

/** Documents that hold one value under every name. */
function documentsOf(value: unknown): { documents: Documents; rejected: () => boolean } {
  let rejected = false;
  const documents: Documents = {
    setAside: cell<readonly string[]>([]), load: async () => value, save: async () => {}, remove: async () => {}, report: async () => '',
    reject: async () => {
      rejected = true;
    },
  };
  return { documents, rejected: () => rejected };
}

/** What is not JSON never comes so far: documents are set aside by who reads the file. */
const valueOf = (input: Uint8Array): unknown => refusals(() => JSON.parse(utf8(input)) as unknown, 'SyntaxError') ?? null;

const profile = { id: 'abc', name: 'home', kind: 'host', nodeId: 'n', address: '10.0.0.1:8443', insecure: true, grpcPort: 1, raftPort: 2, wireguardPort: 3, asVoter: true, ipv4Network: null };

const profiles: Target = {
  name: 'profiles', from: files, shape: json,
  open: () => ({
    // Ten thousand rows that are all wrong are ten thousand complaints.
    slowMs: 400,
    seeds: [jsonOf({ list: [profile, { ...profile, id: 'b', kind: 'member' }], selected: 'abc' }), jsonOf({ list: [], selected: null })],
    run: async (input) => {
      const { documents } = documentsOf(valueOf(input));
      const { document } = await loadProfiles(documents);
      for (const { id } of document.get().list) holds(/^[a-z0-9]{1,32}$/.test(id), 'an id names a file and a tunnel');
      return undefined;
    },
  }),
};

const settings: Target = {
  name: 'settings', from: files, shape: json,
  open: () => ({
    seeds: [jsonOf({ theme: 'dark', connectAtStart: true, startAtLogin: false, stayConnected: false, closeExplained: false, notifications: true, logLevel: 'info' }), jsonOf({})],
    run: async (input) => {
      const { cell: read, connectAtStart } = await loadSettings(documentsOf(valueOf(input)).documents);
      holds(['system', 'light', 'dark'].includes(read.get().theme) && typeof connectAtStart === 'boolean', 'settings are settings');
      return undefined;
    },
  }),
};

/** Three minutes of a network with one peer, as the core writes them. */
function storedHistory(): unknown {
  const ring = createRing(columnsOf.network, columnsOf.peer);
  addPeer(ring, 'nas', 29_000_000);
  for (let minute = 29_000_000; minute < 29_000_003; minute++) addMinute(ring, minute, 12, [minute, 70, 1, 0, 2], new Map([['nas', [9_000, 1, 12.5, null, 1, 0]]]));
  return pack(ring);
}

const history: Target = {
  name: 'history', from: files, shape: json,
  open: () => ({
    seeds: [jsonOf(storedHistory()), jsonOf(pack(createRing(columnsOf.network, columnsOf.peer)))],
    run: async (input) => {
      const ring = unpack(valueOf(input), columnsOf.network, columnsOf.peer);
      if (ring) holds(isDeepStrictEqual(unpack(JSON.parse(JSON.stringify(pack(ring))), columnsOf.network, columnsOf.peer), ring), 'what was read is written and read the same');
      return undefined;
    },
  }),
};

const stillClock: Clock = { nowMs: () => 0, monotonicMs: () => 0, after: () => () => {} };
const storedNode = { id: 'b', publicKey: key, ipv4: '172.16.0.3', ipv6Network: 'fd00:1:2:3::/64', endpoints: ['10.0.0.1:51820', '[fd00::9]:1'], primary: '203.0.113.9', grpcPort: 8443, role: 'voter', createdAtMs: 5, updatedAtMs: 6 };

/** A stored network becomes a tunnel without any mesh to ask: whatever it says, the helper must take it or refuse it in words. */
const stored: Target = {
  name: 'stored-lease', from: files, shape: json,
  open: () => ({
    seeds: [jsonOf({ lease: { ipv4: '172.16.0.2', ipv4Network: '172.16.0.0/12', ipv6: 'fd00:1:2:9::', ipv6Network: 'fd00:1:2:9::/64' }, nodes: [storedNode, { ...storedNode, id: 'c', publicKey: other, ipv4: '172.16.0.4', ipv6Network: 'fd00:1:2:4::/64' }] }), jsonOf({ want: 'connected', profile: 'x' })],
    run: async (input) => {
      const kept = createStored({ documents: documentsOf(valueOf(input)).documents, clock: stillClock, log: silentLog });
      const { lease, nodes } = await kept.load('abc');
      await kept.loadWish();
      if (lease) checkedByHelper(lease, nodes);
      return undefined;
    },
  }),
};

/** What a mesh answers becomes a tunnel: hostile rows must neither crash nor leave the mesh's own networks. */
const roster: Target = {
  name: 'join-answer', from: 'the node that answers Join, when it lies', shape: proto, words: [key, other, '172.16.0.2/12', 'fd00:1:2:3::/64', '0.0.0.0/0', '::/0', '10.0.0.1:51820', '127.0.0.1:1'],
  open: () => ({
    seeds: [JoinResponse.encode(JoinResponse.fromPartial({
      addressIpv4: '172.16.0.2/12', networkIpv6: 'fd00:1:2:9::/64',
      peers: [{ id: 'a', publicKey: key, primaryEndpoint: '10.0.0.1:51820', endpoints: ['[fd00::9]:1'], addressIpv4: '172.16.0.1/12', addressIpv6: 'fd00:1:2:1::/64' }, { id: 'b', publicKey: other, addressIpv4: '172.16.0.5/12', addressIpv6: 'fd00:1:2:5::/64' }],
    })).finish()],
    run: (input) => {
      const response = refusals(() => JoinResponse.decode(input), 'Error', 'RangeError');
      const lease = response && refusals(() => leaseFrom(response));
      if (response && lease) checkedByHelper(lease, fromJoinPeers(response.peers));
      return undefined;
    },
  }),
};

const meshLease = { ipv4: '172.16.0.2', ipv4Network: '172.16.0.0/12', ipv6: 'fd00:1:2:9::', ipv6Network: 'fd00:1:2:9::/64' };
const meshNode = { id: 'b', publicKey: key, ipv4: '172.16.0.3', ipv6: 'fd00:1:2:3::', ipv6Network: 'fd00:1:2:3::/64', endpoints: ['203.0.113.9:51820'], primary: null, grpcPort: 8443, role: 'voter' as const, createdAtMs: 5, updatedAtMs: 6 };

/** The word of the path finder, which speaks to strangers, becomes the tunnel: it may lead a peer's packets astray, but never stop the tunnel. */
const pathsView: Target = {
  name: 'paths-view', from: 'our own node process, when a stranger took it over', shape: proto, words: [key, '127.0.0.1:40001', '127.0.0.1:51820', '[::1]:9', '224.0.0.1:1', '172.16.0.3:51820', '0.0.0.0:1', 'no-answer', '[2001:db8::1%zone]:1'],
  open: () => {
    const counting = countOverrides();
    return {
      seeds: [WatchPathsResponse.encode(WatchPathsResponse.fromPartial({
        nat: { mapping: 2, publicIpv4: '198.51.100.7', tunnelEndpoints: ['198.51.100.7:61000'], portMapping: 'upnp' },
        paths: [{ id: 'b', publicKey: key, phase: 3, tier: 3, endpoint: '127.0.0.1:40001', push: 1, restart: 1, via: 'srflx-host', remote: '203.0.113.9:6000', reasons: [{ code: 'no-answer', tier: 1, detail: { endpoint: 'x' } }], latencyMs: 4 }],
        forwards: [{ id: 'f', peer: 'b', protocol: 'tcp', localAddress: '127.0.0.1', localPort: 1, remoteAddress: '::1', remotePort: 2, problemCode: 'node.lost', problem: 'x' }],
      })).finish()],
      run: (input) => {
        const view = refusals(() => WatchPathsResponse.decode(input), 'Error', 'RangeError');
        if (!view) return undefined;
        const overrides = counting.take(view.paths);
        const spec = tunnelSpec({ tunnelId: 'abc', nodeId: 'me', publicKey: Buffer.alloc(32, 1).toString('base64'), listenPort: 51820, lease: meshLease, nodes: [meshNode], own: [], overrides, names: { suffix: 'home.internal', port: 5353 } });
        holds(parseTunnelSpec(spec, 1000, () => 'wm0').peers.length === 1, 'the helper takes the tunnel');
        holds(!spec.peers.some(({ endpoint }) => endpoint === '127.0.0.1:51820'), 'the tunnel does not send to itself');
        natFrom(view.nat);
        for (const path of view.paths) holds(whyFrom(path).length <= 16, 'reasons are bounded');
        for (const path of view.paths) pathFrom(path, { endpoint: path.endpoint, advertised: [], handshakeAgeMs: null }, { nat: null, subnets: [] });
        for (const forward of view.forwards) problemOf(forward);
        return undefined;
      },
    };
  },
};

function checkedByHelper(lease: ReturnType<typeof leaseFrom>, nodes: ReturnType<typeof fromStored>): void {
  const spec = tunnelSpec({ tunnelId: 'abc', nodeId: 'me', publicKey: Buffer.alloc(32, 1).toString('base64'), listenPort: 1, lease, nodes, own: [], overrides: new Map(), names: { suffix: 'home.internal', port: 5353 } });
  const wanted = refusals(() => parseTunnelSpec(spec, 1000, () => 'wm0'));
  if (wanted) holds(wanted.routes.every((route) => !route.endsWith('/0')), 'nobody routes the whole Internet into a tunnel');
}

/** The bytes beside a status are a Failure of another process. */
const failures: Target = {
  name: 'failure-metadata', from: 'whoever answers a call', shape: json,
  open: () => ({
    seeds: [jsonOf({ code: 'mesh.busy', retry: 'later', detail: { a: 1, b: 'x', c: true } }), jsonOf({ code: 'nobody.knows', retry: 'never' })],
    run: async (input) => {
      const metadata = new Metadata();
      metadata.set(failureKey, Buffer.from(input));
      const error = Object.assign(new Error('x'), { code: status.FAILED_PRECONDITION, details: utf8(input).slice(0, 300), metadata }) as ServiceError;
      const failure = await asyncRefusals(async () => fromServiceError(error, { away: 'mesh.unreachable', name: 'x' }));
      holds(failure !== undefined && Object.values(failure.detail).every((value) => ['string', 'number', 'boolean'].includes(typeof value)), 'detail is plain');
      return JSON.stringify(failure.detail).length;
    },
  }),
};

export const core: readonly Target[] = [profiles, settings, stored, history, roster, pathsView, failures];
