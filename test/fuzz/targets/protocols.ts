import * as admin from '../../../src/gen/v1/admin_messages.ts';
import * as mesh from '../../../src/gen/v1/mesh_messages.ts';
import * as node from '../../../src/gen/v1/node_messages.ts';
import * as metrics from '../../../src/gen/v1/node_metrics.ts';
import * as raft from '../../../src/gen/v1/node_raft.ts';
import * as discovery from '../../../src/gen/v1/peer_discovery.ts';
import * as webrtc from '../../../src/gen/v1/webrtc_messages.ts';
import * as helper from '../../../src/gen/webmesh/helper/v1/helper.ts';
import * as local from '../../../src/gen/webmesh/local/v1/local.ts';
import * as trust from '../../../src/gen/webmesh/trust/v1/trust_messages.ts';
import { chance } from '../../../src/base/random.ts';
import { isPrivateDomain } from '../../../src/base/private-names.ts';
import { isReverse } from '../../../src/helper/dns/spec.ts';
import { parseNodeSpec } from '../../../src/helper/node-spec.ts';
import { parseTunnelSpec } from '../../../src/helper/tunnel/spec.ts';
import { joined } from '../shapes/bytes.ts';
import { proto } from '../shapes/proto.ts';
import { type Shape } from '../shapes/shape.ts';
import { holds, refusals, type Target } from '../target.ts';

/** A generated message module's one message. */
interface Message {
  readonly encode: (value: unknown) => { finish(): Uint8Array };
  readonly decode: (bytes: Uint8Array) => unknown;
  readonly create: () => object;
  readonly toJSON: (value: unknown) => unknown;
  readonly fromJSON: (value: unknown) => unknown;
}

function messagesOf(...modules: readonly object[]): readonly Message[] {
  const parts = modules.flatMap((module) => Object.entries(module)).sort(([a], [b]) => (a < b ? -1 : 1));
  return parts.map(([, value]) => value as unknown).filter((value): value is Message => typeof value === 'object' && value !== null && 'decode' in value && 'encode' in value);
}

/** The first byte says which message the rest is. */
const numbered: Shape = (input, help) => {
  const { random } = help;
  const head = chance(random, 0.03) || input.length === 0 ? random.bytes(1) : input.subarray(0, 1);
  return joined(head, proto(input.subarray(1), help));
};

/** A message with every plain field set, so that mutations find the fields. */
function filled(message: Message): Uint8Array {
  const value = Object.fromEntries(Object.entries(message.create()).map(([name, empty]) => [name, typeof empty === 'string' ? 'a1' : typeof empty === 'number' ? 1 : typeof empty === 'bigint' ? 1n : typeof empty === 'boolean' ? true : empty]));
  return message.encode({ ...message.create(), ...value }).finish();
}

function protocol(name: string, from: string, messages: readonly Message[], check: (message: Message, value: unknown) => void = () => {}): Target {
  return {
    name, from, shape: numbered,
    open: () => ({
      seeds: messages.flatMap((message, i) => [Uint8Array.of(i), joined(Uint8Array.of(i), filled(message))]),
      run: (input) => {
        const message = messages[(input[0] ?? 0) % messages.length] as Message;
        // The library refuses with plain errors; whoever calls it turns each into a status.
        const value = refusals(() => message.decode(input.subarray(1)), 'Error', 'RangeError');
        if (value === undefined) return undefined;
        const once = message.encode(value).finish();
        const twice = message.encode(message.decode(once)).finish();
        holds(Buffer.compare(once, twice) === 0, 'what was read and written reads the same again');
        check(message, value);
        return once.length;
      },
    }),
  };
}

/** Control and report lines are the JSON of these messages. */
function throughJson(message: Message, value: unknown): void {
  const json = JSON.stringify(message.toJSON(value));
  message.encode(message.fromJSON(JSON.parse(json))).finish();
}

function asOrder(message: Message, value: unknown): void {
  throughJson(message, value);
  if (message === (helper.NodeSpec as unknown)) refusals(() => parseNodeSpec(value as helper.NodeSpec));
  if (message === (helper.TunnelSpec as unknown)) {
    const wanted = refusals(() => parseTunnelSpec(value as helper.TunnelSpec, 1000, () => 'wm0'));
    if (wanted?.names) holds(wanted.names.domains.every((domain) => isPrivateDomain(domain) || isReverse(domain)), 'no name of the Internet is taken from the resolver');
    if (wanted) holds(parseTunnelSpec({ ...(value as helper.TunnelSpec), ...wanted }, 1000, () => 'wm0').peers.length === wanted.peers.length, 'a checked tunnel is in order');
  }
}

export const protocols: readonly Target[] = [
  protocol('proto-v1', 'anybody who reaches the mesh API, and other nodes', messagesOf(admin, mesh, node, metrics, raft, discovery, webrtc)),
  protocol('proto-trust', 'anybody who reaches the mesh API; people with an invite', messagesOf(trust)),
  protocol('proto-helper', 'whoever may use the helper', messagesOf(helper), asOrder),
  protocol('proto-local', 'the node process, and whoever reaches its socket', messagesOf(local)),
];
