import { silentLog } from '../../../src/base/log.ts';
import { PeerState, TunnelState } from '../../../src/gen/webmesh/helper/v1/helper.ts';
import { createCallFigures } from '../../../src/node/metrics/call-counts.ts';
import { createPage } from '../../../src/node/metrics/page.ts';
import { pathFigures } from '../../../src/node/metrics/path-figures.ts';
import { createReaders } from '../../../src/node/metrics/readers.ts';
import { textOf } from '../../../src/node/metrics/registry.ts';
import { tunnelFigures } from '../../../src/node/metrics/tunnel-figures.ts';
import { type NodeRow } from '../../../src/node/state/reads.ts';
import { json } from '../shapes/json.ts';
import { holds, jsonOf, type Target, utf8 } from '../target.ts';

const row = (id: string, leaseIpv4: string, networkIpv6: string): NodeRow => ({ id, leaseIpv4, networkIpv6, publicKey: id, raftPort: 1, grpcPort: 1, wireguardPort: 1, primaryEndpoint: null, endpoints: [], createdAt: {} as NodeRow['createdAt'], updatedAt: {} as NodeRow['updatedAt'] });
const rows = [row('member', '172.16.0.2/12', 'fd00:1:2:2::/64'), row('guest', '172.16.0.3/12', 'fd00:1:2:3::/64')];
const device = (id: string) => ({ id, role: id === 'member' ? 'member' as const : 'guest' as const, state: 'active' as const, name: '', invitedBy: '', inviteId: '', keyHash: '', certificateRequest: null, createdAtMs: 0, revokedAtMs: 0 });
const members = /^(172\.16\.0\.2|0*fd00?:.*2.*)$/i;

const request: Target = {
  name: 'metrics-request', from: 'whoever reaches the mesh address', shape: json, words: ['/metrics', 'GET', 'HEAD', 'POST', '172.16.0.2', '172.16.0.3', 'fd00:1:2:2::9', 'fd00:1:2:3::', '::ffff:172.16.0.2', '127.0.0.1', '%', '/../'],
  open: () => {
    const page = createPage({ path: '/metrics', type: 'text/plain', log: silentLog, text: async () => 'a 1\n', mayRead: createReaders({ nodes: () => rows, trust: { device }, revision: { get: () => 1 } }, true) });
    return {
      seeds: [['GET', '/metrics', '172.16.0.2'], ['HEAD', '/metrics', 'fd00:1:2:2::9'], ['GET', '/', '172.16.0.3'], ['PUT', '/metrics', '::1']].map(([method, path, source]) => jsonOf({ method, path, source })),
      run: async (input) => {
        const { method, path, source } = textsOf(utf8(input), ['method', 'path', 'source']);
        const { status, body } = await page.answer({ method, path, source });
        holds(status !== 200 || (path === '/metrics' && (method === 'GET' || method === 'HEAD')), 'only this page, only reading');
        holds(status === 403 || (members.test(source) && page.admits(source)), `${source} is no member's`);
        return body.length;
      },
    };
  },
};

/** One line of the text format: a comment, nothing, or a figure whose labels are closed and hold no raw line end. */
const line = /^(?:|# (?:HELP|TYPE) \w+ .+|\w+(?:\{(?:\w+="(?:[^"\\\n]|\\[\\"n])*",?)*\})? (?:[-+]?[\d.]+(?:e[-+]?\d+)?|NaN|[-+]Inf))$/;

const text: Target = {
  name: 'metrics-text', from: 'other members: names and keys that they give themselves', shape: json, words: ['"', '\\', '\n', '} 1', '# HELP', 'le', '__name__'],
  open: () => ({
    seeds: [jsonOf({ key: 'k', name: 'ann', via: 'bob', method: '/v1.Node/Join' }), jsonOf({ key: 'a"} 1\n# TYPE x counter', name: '\\', via: '\\"', method: '//' })],
    run: async (input) => {
      const { key, name, via, method } = textsOf(utf8(input), ['key', 'name', 'via', 'method']);
      const calls = createCallFigures();
      calls.open({ path: method, requestStream: false, responseStream: true }).handled(key.length, name.length);
      const tunnel = TunnelState.fromPartial({ peers: [PeerState.fromPartial({ publicKey: key, lastHandshakeMs: 5n })] });
      const paths = { peers: [{ peer: name, tier: null, via, switches: 1, latencyMs: 1, carrier: null }] };
      const made = await textOf([...tunnelFigures(tunnel, () => (name === '' ? undefined : name), 10), ...pathFigures(paths, 10), ...calls.families()]);
      for (const one of made.split('\n')) holds(line.test(one), `a line that no reader takes: ${one.slice(0, 200)}`);
      return undefined;
    },
  }),
};

function textsOf<Name extends string>(input: string, names: readonly Name[]): Record<Name, string> {
  let value: unknown;
  try {
    value = JSON.parse(input);
  } catch {
    value = {};
  }
  const given = new Map(Object.entries(typeof value === 'object' && value !== null ? value : {}));
  const textOrNone = (part: unknown): string => (typeof part === 'string' ? part : '');
  return Object.fromEntries(names.map((name) => [name, textOrNone(given.get(name))])) as Record<Name, string>;
}

export const metrics: readonly Target[] = [request, text];
