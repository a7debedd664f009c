import { type Caller, type Method, RpcError, status } from '../../../src/base/rpc.ts';
import { chance } from '../../../src/base/random.ts';
import { type Target, bytesOf, holds, refusals, utf8 } from '../target.ts';
import { JoinRequest } from '../../../src/gen/v1/node_messages.ts';
import { CreateInviteRequest, EnrollRequest, RenewRequest, SetRoleRequest } from '../../../src/gen/webmesh/trust/v1/trust_messages.ts';
import { type TrustFacts } from '../../../src/node/rpc/auth.ts';
import { callerKey, callerText, originOf, proxiedFromKey } from '../../../src/node/rpc/origin.ts';
import { ruleOf } from '../../../src/node/rpc/policy.ts';
import { pki } from '../../../src/platform/pki.ts';
import { anonymous, roles, type TrustWorld, trustWorld } from '../../node/trust-world.ts';
import { joined } from '../shapes/bytes.ts';
import { proto } from '../shapes/proto.ts';
import { type Shape } from '../shapes/shape.ts';
import { text } from '../shapes/text.ts';

/** The first byte says which method, the second who calls; the rest is the message. */
const called: Shape = (input, help) => {
  const { random } = help;
  const head = chance(random, 0.1) || input.length < 2 ? random.bytes(2) : input.subarray(0, 2);
  return joined(head, proto(input.subarray(2), help));
};

const key = Buffer.alloc(32, 5).toString('base64');
const resetEvery = 400;

/** Every method of a secured node with every kind of caller, through decoding, policy and handler, onto a real state. */
const services: Target = {
  name: 'node-services', from: 'anybody who reaches the mesh API, with and without a certificate', shape: called, heavy: true, words: [key, 'host', 'member', 'guest', 'phone', '10.0.0.9', 'fd00::9', 'a'.repeat(16)],
  open: async () => {
    const world = await trustWorld();
    for (const [id, role] of [['member', roles.member], ['guest', roles.guest]] as const) await world.device(id, role);
    const invite = await world.invite({ usesMax: 100 });
    const request = Buffer.from(await pki.createRequest(await pki.createKey(), 'phone'));
    const methods = world.node.services.flatMap(({ definition, handlers }) => Object.entries(definition).filter(([name, { requestStream, responseStream }]) => handlers[name] !== undefined && !requestStream && !responseStream)) as [string, Method][];
    const callers: readonly Caller[] = [anonymous, ...['host', 'member', 'guest'].map(world.callerOf), { kind: 'clear-text' }];
    const whole = world.state.snapshot();
    const start = { index: world.state.appliedIndex(), configuration: world.state.appliedConfiguration() };
    const seed = (name: string, who: number, bytes: Uint8Array): Uint8Array => joined(Uint8Array.of(Math.max(0, methods.findIndex(([each]) => each === name)), who), bytes);
    let ran = 0;
    return {
      seeds: [
        ...methods.flatMap((_, i) => callers.map((__, who) => Uint8Array.of(i, who))),
        ...[1, 2, 3].map((who) => seed('join', who, JoinRequest.encode(JoinRequest.fromPartial({ id: ['', 'host', 'member', 'guest'][who] as string, publicKey: key, raftPort: 1, grpcPort: 2, wireguardPort: 3, primaryEndpoint: '203.0.113.1', endpoints: ['10.1.1.1'], assignIpv4: true })).finish())),
        seed('enroll', 0, EnrollRequest.encode({ inviteId: invite.id, token: invite.token, certificateRequest: request, nodeId: 'phone', deviceName: 'a phone' }).finish()),
        seed('createInvite', 1, CreateInviteRequest.encode({ id: 'b'.repeat(16), tokenHash: Buffer.alloc(32), role: 2, expiresAtMs: BigInt(world.nowMs() + 90_000), usesMax: 1, needsApproval: true, note: 'x' }).finish()),
        seed('setRole', 1, SetRoleRequest.encode({ id: 'member', role: 3 }).finish()), seed('renew', 2, RenewRequest.encode({ certificateRequest: Buffer.from(await pki.createRequest(await pki.createKey(), 'member')) }).finish()),
      ],
      run: async (input) => {
        if (++ran % resetEvery === 0) world.state.restore(whole, start.index + ran, 1, start.configuration);
        // Strangers come from many addresses, or the limit of tries would answer for everything behind it.
        world.pass(20_000);
        return call(world, methods[(input[0] ?? 0) % methods.length] as [string, Method], callers[(input[1] ?? 0) % callers.length] as Caller, input.subarray(2));
      },
    };
  },
};

async function call(world: TrustWorld, [name, method]: [string, Method], caller: Caller, bytes: Uint8Array): Promise<undefined> {
  const request = refusals(() => method.requestDeserialize(Buffer.from(bytes)), 'Error', 'RangeError');
  if (request === undefined) return undefined;
  const admins = world.state.trust.devices().filter(({ role, state }) => role === 'admin' && state === 'active').length;
  try {
    await world.call(name, request, caller);
  } catch (error) {
    if (!(error instanceof RpcError)) throw error;
    holds(error.code !== status.internal && error.code !== status.unknown, `${name}: ${error.message}`);
    return undefined;
  }
  const who = ruleOf(method.path)?.who;
  const isAdmin = caller.kind === 'certified' && world.state.trust.device(caller.id)?.role === 'admin';
  if (caller.kind !== 'certified') holds(who === 'anybody', `${name} let ${caller.kind} in`);
  if (who === 'admin') holds(isAdmin || admins > 1, `${name} let ${JSON.stringify(caller)} in`);
  holds(world.state.trust.devices().some(({ role, state }) => role === 'admin' && state === 'active'), 'an admin is left');
  return undefined;
}

const fingerprint = 'a'.repeat(64);
/** `voter` votes and is a member; `other` is a member without a vote. */
const facts: TrustFacts = {
  secure: true, votes: (id) => id === 'voter', device: (id) => (['voter', 'other', 'host'].includes(id) ? { role: id === 'host' ? 'admin' : 'member', state: 'active' } : undefined),
  certificate: () => ({ deviceId: 'voter', notAfterMs: 9e15 }),
};

/** What a node says about whom it took a call from. */
const metadata: Target = {
  name: 'caller-metadata', from: 'whoever calls the mesh API', shape: text, words: ['certified ', 'anonymous ', ' valid ', ' expired ', fingerprint, '127.0.0.1', 'host', '\t', '\u0000'],
  open: () => ({
    seeds: [callerText({ caller: { kind: 'certified', id: 'host', fingerprint, expired: false }, address: '192.0.2.1' }), callerText({ caller: { kind: 'anonymous' }, address: 'fd00::1' })].map(bytesOf),
    run: (input) => {
      const says = { [callerKey]: utf8(input), [proxiedFromKey]: 'voter' };
      const from = (id: string): Caller => ({ kind: 'certified', id, fingerprint, expired: false });
      const believed = refusals(() => originOf({ caller: from('voter'), metadata: says, peer: '10.0.0.1:1' }, facts, 0));
      if (believed) holds(callerText(believed) === utf8(input) && believed.via === 'voter', 'a caller is written as it was read');
      for (const caller of [{ kind: 'anonymous' } as const, { kind: 'clear-text' } as const]) holds(originOf({ caller, metadata: says, peer: '10.0.0.1:1' }, facts, 0).caller === caller, 'a stranger stays a stranger');
      const pretender = originOf({ caller: { ...from('other'), id: 'other' } as Caller, metadata: says, peer: '10.0.0.1:1' }, { ...facts, certificate: () => ({ deviceId: 'other', notAfterMs: 9e15 }) }, 0);
      holds(pretender.caller.kind === 'certified' && pretender.caller.id === 'other' && pretender.pretends, 'who does not vote speaks for nobody');
      return undefined;
    },
  }),
};

export const nodeServices: readonly Target[] = [services, metadata];
