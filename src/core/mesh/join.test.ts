import { expect, test } from 'vitest';
import { asFailure, type Failure, failure, type FailureCode } from '../../base/failure.ts';
import type { Clock } from '../../base/clock.ts';
import { MeshNode } from '../../gen/v1/mesh_messages.ts';
import { JoinRequest, Status } from '../../gen/v1/node_messages.ts';
import type { MeshClient, MeshConnection } from '../ports.ts';
import type { Door } from './door.ts';
import { join } from './join.ts';

const key = 'xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=';
const still: Clock = { nowMs: () => 0, monotonicMs: () => 0, after: () => () => {} };
const never = new AbortController().signal;
const request = JoinRequest.fromPartial({ id: 'me' });
const answer = { addressIpv4: '10.5.0.2/16', networkIpv6: '', peers: [] };

/** A mesh whose nodes answer as told; every call is written down. */
function meshOf(nodes: Record<string, Partial<MeshConnection>>): { mesh: MeshClient; calls: string[]; expected: string[] } {
  const calls: string[] = [];
  const expected: string[] = [];
  const refuse = (code: FailureCode) => async (): Promise<never> => {
    throw failure(code);
  };
  return {
    calls,
    expected,
    mesh: {
      probe: refuse('mesh.unreachable'),
      dial: (address, security) => {
        if (security.kind === 'mtls') expected.push(`${address} ${security.expectId}`);
        const node = nodes[address] ?? { join: refuse('mesh.unreachable') };
        const no = refuse('mesh.incompatible');
        const base: MeshConnection = {
          address, join: no, leave: no, getStatus: no, listNodes: no, listPeers: no, enroll: no, renew: no, createInvite: no, revokeInvite: no, approveDevice: no, revokeDevice: no,
          setRole: no, requestAuthority: no, grantAuthority: no, close: () => {},
        };
        return new Proxy({ ...base, ...node }, { get: (target, name: keyof MeshConnection) => {
          if (name !== 'close' && name !== 'address') calls.push(`${address} ${name}`);
          return target[name];
        } });
      },
    },
  };
}

const open = (addresses: readonly string[]): Door => ({ places: addresses.map((address) => ({ address, nodeId: '' })), security: () => ({ kind: 'clear-text' }) });

const follower = async (): Promise<never> => {
  throw failure('mesh.not-leader');
};

async function outcome(work: Promise<unknown>): Promise<Failure> {
  return work.then(() => failure('internal.unexpected', { message: 'it worked' }), asFailure);
}

test('follows a node that is not the leader to the one that is', async () => {
  const { mesh, calls } = meshOf({
    'a:8443': { join: follower, getStatus: async () => Status.fromPartial({ currentLeader: 'b' }), listNodes: async () => [MeshNode.fromPartial({ id: 'b', publicKey: key, primaryEndpoint: '192.0.2.2' })] },
    '192.0.2.2:8443': { join: async () => answer },
  });
  expect((await join(request, open(['a:8443']), { mesh, clock: still }, never)).lease.ipv4).toBe('10.5.0.2');
  expect(calls).toEqual(['a:8443 join', 'a:8443 getStatus', 'a:8443 listNodes', '192.0.2.2:8443 join']);
});

test('a node without lists may still name its leader as a raft peer', async () => {
  const { mesh, calls } = meshOf({
    'a:8443': { join: follower, listPeers: async () => [{ id: 'b', address: '192.0.2.2:8443', voter: true, leader: true }] },
    '192.0.2.2:8443': { join: async () => answer },
  });
  await join(request, open(['a:8443']), { mesh, clock: still }, never);
  expect(calls.at(-1)).toBe('192.0.2.2:8443 join');
});

test('two nodes that point at each other are each asked once', async () => {
  const to = (address: string) => ({ join: follower, listPeers: async () => [{ id: 'x', address, voter: true, leader: true }] });
  const { mesh, calls } = meshOf({ 'a:1': to('b:1'), 'b:1': to('a:1') });
  expect((await outcome(join(request, open(['a:1']), { mesh, clock: still }, never))).code).toBe('mesh.not-leader');
  expect(calls.filter((call) => call.endsWith(' join'))).toEqual(['a:1 join', 'b:1 join']);
});

test('goes on to the next known address when one is silent, and tells the first trouble when all are', async () => {
  const one = meshOf({ 'b:1': { join: async () => answer } });
  expect((await join(request, open(['a:1', 'b:1']), { mesh: one.mesh, clock: still }, never)).lease.ipv4).toBe('10.5.0.2');
  const none = meshOf({});
  expect((await outcome(join(request, open(['a:1', 'b:1', 'c:1', 'd:1', 'e:1']), { mesh: none.mesh, clock: still }, never))).code).toBe('mesh.unreachable');
  expect(none.calls).toEqual(['a:1 join', 'b:1 join', 'c:1 join', 'd:1 join']);
});

test('a refusal is not asked elsewhere', async () => {
  const { mesh, calls } = meshOf({ 'a:1': { join: async () => Promise.reject(failure('mesh.refused')) }, 'b:1': { join: async () => answer } });
  expect((await outcome(join(request, open(['a:1', 'b:1']), { mesh, clock: still }, never))).code).toBe('mesh.refused');
  expect(calls).toEqual(['a:1 join']);
});

test('an answer that cannot be used is incompatible', async () => {
  for (const bad of [{ ...answer, addressIpv4: 'x' }, { ...answer, peers: Array.from({ length: 10_001 }, () => ({ id: '', publicKey: '', primaryEndpoint: '', endpoints: [], addressIpv4: '', addressIpv6: '' })) }]) {
    const { mesh } = meshOf({ 'a:1': { join: async () => bad } });
    expect((await outcome(join(request, open(['a:1']), { mesh, clock: still }, never))).code).toBe('mesh.incompatible');
  }
});

const identity = { privateKey: new Uint8Array(), chain: [], authority: null };
const secured = (...places: readonly [string, string][]): Door => ({ places: places.map(([address, nodeId]) => ({ address, nodeId })), security: (expectId) => ({ kind: 'mtls', identity, expectId }) });

test('every door of a secured mesh names who must answer, the leader that is followed as well', async () => {
  const { mesh, expected } = meshOf({
    'a:1': { join: follower, listPeers: async () => [{ id: 'chief', address: 'b:1', voter: true, leader: true }] },
    'b:1': { join: async () => answer },
  });
  await join(request, secured(['a:1', 'ann']), { mesh, clock: still }, never);
  expect(expected).toEqual(['a:1 ann', 'b:1 chief']);
});

test('a stranger at one door is passed by; strangers at all doors are a reason to come back, not to give up', async () => {
  const stranger = { join: async () => Promise.reject(failure('auth.wrong-mesh')) };
  const one = meshOf({ 'a:1': stranger, 'b:1': { join: async () => answer } });
  await join(request, secured(['a:1', 'ann'], ['b:1', 'bob']), { mesh: one.mesh, clock: still }, never);
  expect(one.calls).toEqual(['a:1 join', 'b:1 join']);
  const all = meshOf({ 'a:1': stranger, 'b:1': stranger });
  expect(await outcome(join(request, secured(['a:1', 'ann'], ['b:1', 'bob']), { mesh: all.mesh, clock: still }, never))).toMatchObject({ code: 'auth.wrong-mesh', retry: 'later' });
  const some = meshOf({ 'a:1': stranger });
  expect(await outcome(join(request, secured(['a:1', 'ann'], ['b:1', 'bob']), { mesh: some.mesh, clock: still }, never))).toMatchObject({ code: 'mesh.unreachable' });
});
