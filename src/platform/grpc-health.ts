import { BinaryReader, BinaryWriter } from '@bufbuild/protobuf/wire';
import { type Call, RpcError, type Service, status } from '../base/rpc.ts';

/** grpc.health.v1, written by hand: two messages of one field each, where the usual package brings a loader for .proto files. */
const serving = 1;
const serviceUnknown = 3;
const watchersMax = 64;

interface HealthRequest {
  readonly service: string;
}

interface HealthResponse {
  readonly status: number;
}

/** Health of the named services and, under the empty name, of the server. What is registered is serving for as long as it answers. */
export function healthService(names: readonly string[]): Service {
  const known = new Set(['', ...names]);
  let watchers = 0;

  async function* watch({ service }: HealthRequest, { signal }: Call): AsyncGenerator<HealthResponse> {
    if (watchers >= watchersMax) throw new RpcError(status.resourceExhausted, 'too many watch');
    watchers++;
    try {
      yield { status: known.has(service) ? serving : serviceUnknown };
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    } finally {
      watchers--;
    }
  }

  const check = async ({ service }: HealthRequest): Promise<HealthResponse> => {
    if (!known.has(service)) throw new RpcError(status.notFound, 'unknown service');
    return { status: serving };
  };
  return { definition, handlers: { check, watch } as unknown as Service['handlers'] };
}

const codec = {
  requestStream: false,
  requestSerialize: ({ service }: HealthRequest) => Buffer.from(service === '' ? [] : new BinaryWriter().uint32(10).string(service).finish()),
  requestDeserialize: (bytes: Buffer): HealthRequest => ({ service: readString(bytes, 1) }),
  responseSerialize: ({ status: value }: HealthResponse) => Buffer.from(new BinaryWriter().uint32(8).int32(value).finish()),
  responseDeserialize: (bytes: Buffer): HealthResponse => {
    const reader = new BinaryReader(bytes);
    let value = 0;
    while (reader.pos < reader.len) {
      const [field, type] = reader.tag();
      if (field === 1) value = reader.int32();
      else reader.skip(type);
    }
    return { status: value };
  },
};

export const definition = {
  check: { path: '/grpc.health.v1.Health/Check', responseStream: false, ...codec },
  watch: { path: '/grpc.health.v1.Health/Watch', responseStream: true, ...codec },
} as const;

/** The text of one field of a message; empty when it is not there. */
function readString(bytes: Buffer, wanted: number): string {
  const reader = new BinaryReader(bytes);
  let text = '';
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    if (field === wanted && type === 2) text = reader.string();
    else reader.skip(type);
  }
  return text;
}
