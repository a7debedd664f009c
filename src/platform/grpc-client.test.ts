import { createServer as createHttp, type Server } from 'node:http';
import { createServer as createTcp, type AddressInfo } from 'node:net';
import * as grpc from '@grpc/grpc-js';
import { afterEach, expect, test } from 'vitest';
import { isAbort } from '../base/abort.ts';
import { asFailure, failure, toData } from '../base/failure.ts';
import { refusals } from '../base/refusals.ts';
import { NodeService } from '../gen/v1/node.ts';
import { failureKey } from '../base/rpc.ts';
import { type Channel, fromServiceError, openChannel } from './grpc-client.ts';

const options = { away: 'mesh.unreachable', name: 'somewhere' } as const;
const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

function errorOf(code: grpc.status, details: string, metadata = new grpc.Metadata()): grpc.ServiceError {
  return Object.assign(new Error(details), { code, details, metadata });
}

test.each<[string, grpc.status, string, string]>([
  ['a node that is away', grpc.status.UNAVAILABLE, 'connection refused', 'mesh.unreachable'],
  ['a mesh without a leader', grpc.status.UNAVAILABLE, 'no leader', 'mesh.no-leader'],
  ['a deadline', grpc.status.DEADLINE_EXCEEDED, '', 'mesh.timeout'],
  ['a follower', grpc.status.FAILED_PRECONDITION, 'not leader', 'mesh.not-leader'],
  ['another precondition', grpc.status.FAILED_PRECONDITION, 'unknown node', 'mesh.refused'],
  ['an old follower', grpc.status.INTERNAL, 'failed to create node: not leader', 'mesh.not-leader'],
  ['any other internal error', grpc.status.INTERNAL, 'database is locked', 'mesh.busy'],
  ['bytes that are no message', grpc.status.INTERNAL, 'Response message parsing error: invalid wire type', 'mesh.incompatible'],
  ['a message that is too large', grpc.status.RESOURCE_EXHAUSTED, 'Received message larger than max (5 vs 4)', 'mesh.incompatible'],
  ['no address left', grpc.status.RESOURCE_EXHAUSTED, 'no address left', 'mesh.address-exhausted'],
  ['an old node without the service', grpc.status.UNIMPLEMENTED, 'unknown service', 'mesh.incompatible'],
  ['a web server', grpc.status.UNKNOWN, 'Received HTTP status code 404', 'mesh.incompatible'],
  ['a bad request', grpc.status.INVALID_ARGUMENT, 'invalid key', 'mesh.refused'],
  ['an ACL', grpc.status.PERMISSION_DENIED, 'not allowed', 'auth.not-permitted'],
  ['no certificate', grpc.status.UNAUTHENTICATED, '', 'auth.unauthenticated'],
])('%s', (_name, code, details, expected) => {
  expect(fromServiceError(errorOf(code, details), options)).toMatchObject({ code: expected, detail: { address: 'somewhere', message: details } });
});

test.each<[string, grpc.status, string]>([
  ['auth.invite-invalid', grpc.status.UNAUTHENTICATED, refusals.inviteUnknown],
  ['auth.invite-invalid', grpc.status.FAILED_PRECONDITION, refusals.inviteRevoked],
  ['auth.invite-expired', grpc.status.FAILED_PRECONDITION, refusals.inviteExpired],
  ['auth.invite-used', grpc.status.FAILED_PRECONDITION, refusals.inviteUsed],
  ['auth.too-many-tries', grpc.status.RESOURCE_EXHAUSTED, refusals.tooManyTries],
  ['auth.expired', grpc.status.UNAUTHENTICATED, refusals.certificateExpired],
  ['auth.revoked', grpc.status.PERMISSION_DENIED, refusals.revoked],
  ['node.id-taken', grpc.status.ALREADY_EXISTS, refusals.idTaken],
  ['auth.not-permitted', grpc.status.PERMISSION_DENIED, refusals.onlyAdmins],
  ['auth.unauthenticated', grpc.status.UNAUTHENTICATED, refusals.deviceUnknown],
  ['mesh.refused', grpc.status.FAILED_PRECONDITION, refusals.lastAdmin],
])('a refusal of trust is %s', (expected, code, details) => {
  expect(fromServiceError(errorOf(code, details), options).code).toBe(expected);
});

test('somebody who speaks another protocol is no node, but may become one', () => {
  expect(toData(fromServiceError(errorOf(grpc.status.UNAVAILABLE, 'No connection established. Last error: Protocol error'), options)))
    .toEqual({ code: 'mesh.incompatible', retry: 'later', detail: { address: 'somewhere', problem: 'what answers there speaks another protocol' } });
});

test("a failure of our own services arrives whole, and nonsense in its place is internal", () => {
  const sent = failure('tunnel.port-in-use', { port: 51820 });
  const metadata = new grpc.Metadata();
  metadata.set(failureKey, Buffer.from(JSON.stringify(toData(sent))));
  expect(toData(fromServiceError(errorOf(grpc.status.UNKNOWN, 'x', metadata), options))).toEqual(toData(sent));
  for (const text of ['{', '7', '{"code":"no.such","retry":"later"}']) {
    metadata.set(failureKey, Buffer.from(text));
    expect(fromServiceError(errorOf(grpc.status.UNKNOWN, 'x', metadata), options).code).toBe('internal.unexpected');
  }
});

function channelTo(port: number): Channel {
  const channel = openChannel(`dns:127.0.0.1:${port}`, options);
  closers.push(() => channel.close());
  return channel;
}

async function failureFrom(channel: Channel, deadlineMs = 3_000): Promise<string> {
  return channel.unary(NodeService.getStatus, { id: '' }, { signal: new AbortController().signal, deadlineMs }).then(() => 'answered', (error: unknown) => asFailure(error).code);
}

function listening(server: Server | ReturnType<typeof createTcp>): Promise<number> {
  closers.push(() => server.close());
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)));
}

test('nobody listens', async () => {
  const server = createTcp();
  const port = await listening(server);
  await new Promise((resolve) => server.close(resolve));
  closers.pop();
  expect(await failureFrom(channelTo(port))).toBe('mesh.unreachable');
});

test('a web server, and something that closes at once, are not waited for', async () => {
  const web = await listening(createHttp((_request, response) => response.end('hello')));
  expect(['mesh.unreachable', 'mesh.incompatible']).toContain(await failureFrom(channelTo(web)));
  const closing = await listening(createTcp((socket) => socket.destroy()));
  expect(await failureFrom(channelTo(closing))).toBe('mesh.unreachable');
});

test('something that never answers ends with the deadline, or with the abort', async () => {
  const held: import('node:net').Socket[] = [];
  const silent = await listening(createTcp((socket) => void held.push(socket)));
  closers.push(() => held.forEach((socket) => socket.destroy()));
  expect(['mesh.timeout', 'mesh.unreachable']).toContain(await failureFrom(channelTo(silent), 300));
  const controller = new AbortController();
  const call = channelTo(silent).unary(NodeService.getStatus, { id: '' }, { signal: controller.signal, deadlineMs: 5_000 });
  controller.abort();
  await expect(call).rejects.toSatisfy(isAbort);
});
