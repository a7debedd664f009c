import { fromBinary } from '@bufbuild/protobuf';
import { BinaryWriter } from '@bufbuild/protobuf/wire';
import { type DescriptorProto, FieldDescriptorProto_Label, FieldDescriptorProto_Type, type FileDescriptorProto, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { describe, expect, test } from 'vitest';
import * as admin from '../../src/gen/v1/admin_messages.ts';
import * as mesh from '../../src/gen/v1/mesh_messages.ts';
import * as nodeMessages from '../../src/gen/v1/node_messages.ts';
import * as metrics from '../../src/gen/v1/node_metrics.ts';
import * as raft from '../../src/gen/v1/node_raft.ts';
import * as discovery from '../../src/gen/v1/peer_discovery.ts';
import * as webrtc from '../../src/gen/v1/webrtc_messages.ts';
import { imageBase64 } from '../../src/gen/image.ts';
import { raftACLFromJSON } from '../../src/node/acl-json.ts';
import { enums, messages, services } from './v1-table.ts';

/** What the generated code offers for each message. */
interface Codec {
  encode(message: unknown): { finish(): Uint8Array };
  decode(bytes: Uint8Array): Record<string, unknown>;
  fromJSON(json: unknown): unknown;
  toJSON(message: unknown): unknown;
}

const generated: Readonly<Record<string, unknown>> = { ...admin, ...mesh, ...nodeMessages, ...metrics, ...raft, ...discovery, ...webrtc };
const files = fromBinary(FileDescriptorSetSchema, Buffer.from(imageBase64, 'base64')).file;
const bare = (name: string): string => name.slice(name.lastIndexOf('.') + 1);
const lowerCamel = (name: string): string => name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
const enumNames = new Set(enums.map((row) => bare(row.name)));
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

test('the table is whole: 36 messages, 6 enums, 5 services', () => {
  expect([messages.length, enums.length, services.length]).toEqual([36, 6, 5]);
});

describe('descriptors', () => {
  const v1 = files.filter((file) => file.name.startsWith('v1/'));
  test('every message has exactly these fields, with these numbers, types, labels and JSON names', () => {
    const found = v1.flatMap((file) => file.messageType.map((message) => ({ file: file.name, name: fullName(file, message), fields: message.field.map(fieldText) })));
    expect(byName(found)).toEqual(byName(messages.map((row) => ({ ...row, fields: row.fields.map((text) => `${text} ${lowerCamel(text.split(' ')[1] ?? '')}`) }))));
  });
  test('every enum has exactly these values', () => {
    const found = v1.flatMap((file) => file.enumType.map((e) => ({ file: file.name, name: fullName(file, e), values: e.value.map(({ number, name }) => `${number} ${name}`) })));
    expect(byName(found)).toEqual(byName(enums));
  });
  test('every service has exactly these methods', () => {
    const typed = (streams: boolean, type: string): string => `${streams ? 'stream ' : ''}${type.slice(1)}`;
    const found = v1.flatMap((file) =>
      file.service.map((service) => ({
        file: file.name,
        name: fullName(file, service),
        methods: service.method.map((m) => `${m.name} ${typed(m.clientStreaming, m.inputType)} ${typed(m.serverStreaming, m.outputType)}`),
      })),
    );
    expect(byName(found)).toEqual(byName(services));
  });
  test('the administration messages have no package; nothing is nested, reserved or optional', () => {
    expect(v1.find((file) => file.name === 'v1/admin_messages.proto')?.package).toBe('');
    const extras = v1.flatMap((file) => file.messageType.flatMap((m) => [...m.nestedType, ...m.enumType, ...m.oneofDecl, ...m.reservedRange, ...m.extensionRange]));
    expect(extras).toEqual([]);
    expect(new Set(v1.map((file) => file.syntax))).toEqual(new Set(['proto3']));
  });
});

describe('every field on the wire and in JSON', () => {
  for (const row of messages) {
    const codec = generated[bare(row.name)] as Codec;
    for (const text of row.fields) {
      const [number, name, label] = text.split(' ') as [string, string, string];
      const key = lowerCamel(name);
      const { wire, json } = sample(Number(number), label.replace('*', ''), label.endsWith('*'));
      test(`${row.name}.${name}`, () => {
        const message = codec.decode(wire);
        expect(hex(codec.encode(message).finish())).toBe(hex(wire));
        expect(Object.keys(codec.toJSON(message) as object)).toEqual([key]);
        expect(codec.toJSON(message)).toEqual({ [key]: json });
        expect(codec.fromJSON({ [key]: json })).toEqual(message);
        // proto3 leaves defaults out, and readers pass over what they do not know.
        expect(hex(codec.encode(codec.decode(new Uint8Array())).finish())).toBe('');
        const unknown = new BinaryWriter().uint32((1000 << 3) | 2).string('from a later version').finish();
        expect(codec.decode(Buffer.concat([wire, unknown]))).toEqual(message);
      });
    }
  }
});

test('features are read packed and one by one, as proto3 wants', () => {
  const status = nodeMessages.Status.fromPartial({ features: [mesh.Feature.NODES, mesh.Feature.MESH_API] });
  expect(hex(nodeMessages.Status.encode(status).finish())).toBe('3a020103');
  expect(nodeMessages.Status.decode(Buffer.from('38013803', 'hex'))).toEqual(status);
});

describe('ACLAction in JSON', () => {
  const rule = { name: 'a', patterns: ['*'] };
  test.each([['DENY', 0], ['ALLOW', 1], ['ACLActionDeny', 0], ['ACLActionAllow', 1], [0, 0], [1, 1], [undefined, 0]] as const)('%s is read', (spelling, action) => {
    expect(raftACLFromJSON({ ...rule, action: spelling })).toEqual({ ...rule, action });
  });
  test('DENY and ALLOW are written', () => {
    expect(admin.RaftACL.toJSON(raftACLFromJSON({ ...rule, action: 'ACLActionAllow' }))).toEqual({ ...rule, action: 'ALLOW' });
    expect(admin.aCLActionToJSON(admin.ACLAction.DENY)).toBe('DENY');
  });
  test.each(['MAYBE', 'ACLActionMaybe', 'UNRECOGNIZED', 7, 'toString'])('%s is refused', (action) => {
    expect(() => raftACLFromJSON({ ...rule, action })).toThrow('unknown action');
  });
  test('what is no rule is refused', () => expect(() => raftACLFromJSON('DENY')).toThrow('not a rule'));
});

function fullName(file: FileDescriptorProto, { name }: Pick<DescriptorProto, 'name'>): string {
  return file.package === '' ? name : `${file.package}.${name}`;
}

function fieldText(field: DescriptorProto['field'][number]): string {
  const type = field.typeName === '' ? FieldDescriptorProto_Type[field.type].toLowerCase() : field.typeName.replace(/^\.(v1\.)?/, '');
  return `${field.number} ${field.name} ${type}${field.label === FieldDescriptorProto_Label.REPEATED ? '*' : ''} ${field.jsonName}`;
}

function byName<T extends { readonly name: string }>(rows: readonly T[]): T[] {
  return [...rows].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** One field with a telling value, written by hand after the wire table, and the same in JSON. */
function sample(number: number, type: string, repeated: boolean): { wire: Uint8Array; json: unknown } {
  const { kind, bytes, json } = sampleValue(type);
  const packed = repeated && enumNames.has(type);
  const writer = new BinaryWriter();
  if (packed) writer.uint32((number << 3) | 2).bytes(Buffer.concat([bytes, bytes]));
  else for (let i = 0; i < (repeated ? 2 : 1); i++) writer.uint32((number << 3) | kind).raw(bytes);
  return { wire: writer.finish(), json: repeated ? [json, json] : json };
}

/** The wire type (0 varint, 1 eight bytes, 2 length, 5 four bytes), the bytes after the tag, and the JSON form. */
function sampleValue(type: string): { kind: 0 | 1 | 2 | 5; bytes: Uint8Array; json: unknown } {
  const of = (text: string): Uint8Array => Buffer.from(text, 'hex');
  switch (type) {
    case 'string':
      return { kind: 2, bytes: of('03e282ac'), json: '€' };
    case 'bytes':
      return { kind: 2, bytes: of('0200ff'), json: 'AP8=' };
    case 'bool':
      return { kind: 0, bytes: of('01'), json: true };
    case 'int32':
      return { kind: 0, bytes: of('ffffffffffffffffff01'), json: -1 };
    case 'uint32':
      return { kind: 0, bytes: of('ffffffff0f'), json: 4294967295 };
    case 'int64':
      return { kind: 0, bytes: of('80808080808080808001'), json: '-9223372036854775808' };
    case 'uint64':
      return { kind: 0, bytes: of('ffffffffffffffffff01'), json: '18446744073709551615' };
    case 'sint64':
      return { kind: 0, bytes: of('f58301'), json: '-8443' };
    case 'float':
      return { kind: 5, bytes: of('0000c03f'), json: 1.5 };
    case 'double':
      return { kind: 1, bytes: of('000000000000f83f'), json: 1.5 };
    case 'google.protobuf.Timestamp':
      // The generated JSON goes through Date and keeps milliseconds; the bytes keep nanoseconds, see the log entries' tests.
      return { kind: 2, bytes: of('0b08aceec3a30610c0a9d33a'), json: '2023-05-26T18:15:08.123Z' };
    default:
      return enumNames.has(type) ? enumSample(type) : { kind: 2, bytes: of('00'), json: {} };
  }
}

function enumSample(type: string): { kind: 0; bytes: Uint8Array; json: string } {
  const [number, name] = (enums.find((row) => bare(row.name) === type)?.values[1] ?? '').split(' ') as [string, string];
  return { kind: 0, bytes: Uint8Array.of(Number(number)), json: name };
}
