import { createRequire } from 'node:module';
import * as grpc from '@grpc/grpc-js';
import { afterEach, expect, test } from 'vitest';
import { silentLog } from '../base/log.ts';
import { service } from '../base/rpc.ts';
import { imageBase64 } from '../gen/image.ts';
import { AdminService } from '../gen/v1/admin.ts';
import { MeshService } from '../gen/v1/mesh.ts';
import { createGrpcServer } from './grpc-server.ts';
import { answerReflection, indexDescriptors } from './grpc-reflection.ts';

// The usual packages are the judges: what they read was written as the protocol wants it.
const require = createRequire(import.meta.url);
const loader = createRequire(require.resolve('grpc-health-check'))('@grpc/proto-loader') as { loadSync(path: string): Record<string, unknown> };
const reflectionProto = require.resolve('@grpc/reflection').replace(/src\/index\.js$/, 'proto/grpc/reflection/v1/reflection.proto');
const { service: healthDefinition } = require('grpc-health-check') as { service: grpc.ServiceDefinition };

const ends: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function start(): Promise<string> {
  const server = createGrpcServer({ services: [service(MeshService, {}), service(AdminService, {})], log: silentLog, standard: true });
  ends.push(() => server.close(100));
  return `127.0.0.1:${await server.listen({ host: '127.0.0.1', port: 0 })}`;
}

test('health: the server and its services serve, strangers are unknown, a watch begins with the state', async () => {
  const Client = grpc.makeGenericClientConstructor(healthDefinition, 'Health');
  const client = new Client(await start(), grpc.credentials.createInsecure());
  ends.push(() => client.close());
  const check = (name: string): Promise<unknown> => new Promise((resolve) => client['Check']?.({ service: name }, (error: grpc.ServiceError | null, value: unknown) => resolve(error ? error.code : value)));
  expect([await check(''), await check('v1.Mesh'), await check('v1.Admin'), await check('v1.Ghost')]).toEqual([{ status: 'SERVING' }, { status: 'SERVING' }, { status: 'SERVING' }, 5]);
  const stream = client['Watch']?.({ service: 'v1.Ghost' }) as grpc.ClientReadableStream<unknown>;
  stream.on('error', () => {});
  expect(await new Promise((resolve) => stream.once('data', resolve))).toEqual({ status: 'SERVICE_UNKNOWN' });
  stream.cancel();
});

test('reflection: services are listed, files come with what they import, unknown names are told', async () => {
  const definition = loader.loadSync(reflectionProto)['grpc.reflection.v1.ServerReflection'] as grpc.ServiceDefinition;
  const Client = grpc.makeGenericClientConstructor(definition, 'Reflection');
  const client = new Client(await start(), grpc.credentials.createInsecure());
  ends.push(() => client.close());
  const stream = client['ServerReflectionInfo']?.() as grpc.ClientDuplexStream<unknown, Record<string, never>>;
  const ask = (request: unknown): Promise<Record<string, never>> => new Promise((resolve) => {
    stream.once('data', resolve);
    stream.write(request);
  });
  expect((await ask({ listServices: '' }))['listServicesResponse']).toEqual({ service: [{ name: 'v1.Mesh' }, { name: 'v1.Admin' }] });
  const files = async (symbol: string): Promise<string[]> => {
    const answer = (await ask({ fileContainingSymbol: symbol }))['fileDescriptorResponse'] as { fileDescriptorProto: Buffer[] } | undefined;
    return (answer?.fileDescriptorProto ?? []).map((bytes) => [...indexDescriptors(Buffer.concat([Buffer.from([10]), varint(bytes.length), bytes])).files.keys()][0] ?? '').sort();
  };
  expect(await files('v1.Mesh')).toEqual(['google/protobuf/empty.proto', 'google/protobuf/timestamp.proto', 'v1/mesh.proto', 'v1/mesh_messages.proto']);
  expect(await files('RaftACL')).toEqual(['v1/admin_messages.proto']);
  expect(await files('v1.Admin.PutRaftACL')).toContain('v1/admin.proto');
  expect((await ask({ fileByFilename: 'nowhere.proto' }))['errorResponse']).toMatchObject({ errorCode: 5 });
  const over = new Promise((resolve) => stream.once('end', resolve));
  stream.end();
  stream.resume();
  await over;
});

test('every prefix of a reflection request is answered or refused, never more', () => {
  const index = indexDescriptors(Buffer.from(imageBase64, 'base64'));
  const request = Buffer.from([10, 1, 104, 34, 7, ...Buffer.from('v1.Mesh')]);
  for (let length = 0; length <= request.length; length++) {
    try {
      expect(answerReflection(request.subarray(0, length), index, []).length).toBeGreaterThan(0);
    } catch (error) {
      expect(error).toBeInstanceOf(Error);
    }
  }
});

function varint(value: number): Buffer {
  return Buffer.from(value < 128 ? [value] : value < 16_384 ? [(value & 127) | 128, value >> 7] : [(value & 127) | 128, ((value >> 7) & 127) | 128, value >> 14]);
}
