import { BinaryReader, BinaryWriter } from '@bufbuild/protobuf/wire';
import * as grpc from '@grpc/grpc-js';

/**
 * grpc.reflection.v1 and v1alpha, by hand: the descriptors are sent as they were built, byte for byte, and nothing is read from disk,
 * so it works the same from source and from a bundle.
 */
interface FileEntry {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly dependencies: readonly string[];
}

export interface DescriptorIndex {
  readonly files: ReadonlyMap<string, FileEntry>;
  /** Full names of messages, enums, services, methods, fields and enum values. */
  readonly symbols: ReadonlyMap<string, FileEntry>;
}

/** Reads a google.protobuf.FileDescriptorSet. */
export function indexDescriptors(image: Uint8Array): DescriptorIndex {
  const files = new Map<string, FileEntry>();
  const symbols = new Map<string, FileEntry>();
  for (const bytes of fieldsOf(image).get(1) ?? []) {
    const fields = fieldsOf(bytes);
    const file = { name: texts(fields, 1)[0] ?? '', bytes, dependencies: texts(fields, 3) };
    files.set(file.name, file);
    const scope = texts(fields, 2)[0] ?? '';
    for (const name of [...namesIn(fields, 4, scope, messageParts), ...namesIn(fields, 5, scope, enumParts), ...namesIn(fields, 6, scope, serviceParts)]) symbols.set(name, file);
  }
  return { files, symbols };
}

/** Field numbers of google.protobuf.{Descriptor,EnumDescriptor,ServiceDescriptor}Proto that hold named parts, and the parts' own. */
interface Parts {
  readonly [field: number]: Parts;
}
const leaf: Parts = {};
const enumParts: Parts = { 2: leaf };
const messageParts: Parts = { 2: leaf, 4: enumParts, get 3() { return messageParts; } };
const serviceParts: Parts = { 2: leaf };

function namesIn(fields: Fields, field: number, scope: string, parts: Parts): string[] {
  return (fields.get(field) ?? []).flatMap((bytes) => {
    const inner = fieldsOf(bytes);
    const name = [scope, texts(inner, 1)[0] ?? ''].filter((part) => part !== '').join('.');
    return [name, ...Object.entries(parts).flatMap(([number, deeper]: [string, Parts]) => namesIn(inner, Number(number), name, deeper))];
  });
}

type Fields = ReadonlyMap<number, readonly Uint8Array[]>;

/** The length-delimited fields of a message by number; others are passed over. */
function fieldsOf(bytes: Uint8Array): Fields {
  const reader = new BinaryReader(bytes);
  const fields = new Map<number, Uint8Array[]>();
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    if (type === 2) fields.set(field, [...(fields.get(field) ?? []), reader.bytes()]);
    else reader.skip(type);
  }
  return fields;
}

const texts = (fields: Fields, field: number): string[] => (fields.get(field) ?? []).map((bytes) => new TextDecoder().decode(bytes));

/** A file and everything it imports, each once. */
function withDependencies(file: FileEntry, files: DescriptorIndex['files']): FileEntry[] {
  const found = new Set<FileEntry>();
  const visit = (entry: FileEntry | undefined): void => {
    if (!entry || found.has(entry)) return;
    found.add(entry);
    for (const name of entry.dependencies) visit(files.get(name));
  };
  visit(file);
  return [...found];
}

/** One answer, with the request inside it as the protocol asks. Field numbers of grpc.reflection.v1.ServerReflectionRequest and Response. */
export function answerReflection(request: Uint8Array, { files, symbols }: DescriptorIndex, services: readonly string[]): Uint8Array {
  const fields = fieldsOf(request);
  const answer = new BinaryWriter().uint32(10).string(texts(fields, 1)[0] ?? '').uint32(18).bytes(request);
  const sendFile = (file: FileEntry | undefined): BinaryWriter => {
    if (!file) return sendError('not found');
    const inner = withDependencies(file, files).reduce((writer, { bytes }) => writer.uint32(10).bytes(bytes), new BinaryWriter());
    return answer.uint32(34).bytes(inner.finish());
  };
  const sendError = (text: string): BinaryWriter => answer.uint32(58).bytes(new BinaryWriter().uint32(8).int32(grpc.status.NOT_FOUND).uint32(18).string(text).finish());
  if (fields.has(3)) return sendFile(files.get(texts(fields, 3)[0] ?? '')).finish();
  if (fields.has(4)) return sendFile(symbols.get((texts(fields, 4)[0] ?? '').replace(/^\./, ''))).finish();
  if (fields.has(7)) {
    const inner = services.reduce((writer, name) => writer.uint32(10).bytes(new BinaryWriter().uint32(10).string(name).finish()), new BinaryWriter());
    return answer.uint32(50).bytes(inner.finish()).finish();
  }
  // Extensions do not exist in proto3 files of ours.
  return sendError('no extensions').finish();
}

/** Registers both versions. `load` gives the descriptor image; it is asked at the first request. */
export function addReflection(server: grpc.Server, services: readonly string[], load: () => Promise<Uint8Array>): void {
  let index: Promise<DescriptorIndex> | undefined;
  const serve: grpc.handleBidiStreamingCall<Buffer, Buffer> = (call) => {
    // One after another, and no faster than the caller takes the answers.
    const answerAll = async (): Promise<void> => {
      index ??= load().then(indexDescriptors);
      const known = await index;
      for await (const request of call) {
        if (!call.write(Buffer.from(answerReflection(request as Buffer, known, services)))) await new Promise((resolve) => call.once('drain', resolve));
      }
      call.end();
    };
    answerAll().catch(() => call.emit('error', { code: grpc.status.INVALID_ARGUMENT, details: 'unreadable request' }));
  };
  for (const version of ['v1', 'v1alpha']) {
    const path = `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`;
    const same = (bytes: Buffer): Buffer => bytes;
    const definition = { serverReflectionInfo: { path, requestStream: true, responseStream: true, requestSerialize: same, requestDeserialize: same, responseSerialize: same, responseDeserialize: same } };
    server.addService(definition, { serverReflectionInfo: serve });
  }
}
