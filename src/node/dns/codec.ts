import { AUTHORITATIVE_ANSWER, type Answer, decode, encode, RECURSION_DESIRED, TRUNCATED_RESPONSE } from 'dns-packet';
import { type Labels } from './names.ts';
import { readName, walkRecords, type WalkedRecord } from './walk.ts';

/**
 * Messages of RFC 1035 §4 with EDNS(0) (RFC 6891). The only file that knows the library. What comes in is first walked here, within bounds, and
 * the library is given only what has the expected shape: a question without pointers and an OPT record. What goes out is the library's, with
 * the question copied octet by octet, as the asker wrote it (0x20).
 */
export interface Query {
  readonly id: number;
  readonly opcode: number;
  readonly recursionDesired: boolean;
  /** Null where the message is malformed, or nothing was read because of its opcode. */
  readonly question: Question | null;
  /** Null: the asker does not speak EDNS. */
  readonly edns: { readonly udpSize: number; readonly version: number } | null;
}

export interface Question {
  readonly labels: Labels;
  readonly type: number;
  readonly class: number;
  readonly bytes: Uint8Array;
}

/** Records of class IN. `data` as their type has it: an address, a name, the strings of a TXT. */
export type ResourceRecord = { readonly name: string } & (
  | { readonly type: 'A' | 'AAAA' | 'NS' | 'PTR'; readonly data: string }
  | { readonly type: 'TXT'; readonly data: readonly string[] }
  | { readonly type: 'SOA'; readonly data: StartOfAuthority }
  | { readonly type: 'HINFO'; readonly data: { readonly cpu: string; readonly os: string } }
);

/** RFC 1035 §3.3.13; times in seconds. */
export interface StartOfAuthority {
  readonly mname: string;
  readonly rname: string;
  readonly serial: number;
  readonly refresh: number;
  readonly retry: number;
  readonly expire: number;
  readonly minimum: number;
}

/** `rcode` may be one of the extended ones (RFC 6891 §6.1.3). */
export interface Reply {
  readonly rcode: number;
  readonly authoritative: boolean;
  readonly answers: readonly ResourceRecord[];
  readonly authorities: readonly ResourceRecord[];
  readonly additionals: readonly ResourceRecord[];
}

/** Seconds that a record may be kept. Short, because nodes come and go, and asking again costs a millisecond. */
export const ttlSeconds = 5;
/** What we say that we take over UDP, and the most that we send: it fits everywhere without fragments. */
export const udpSizeMax = 1232;

const headerBytes = 12;
const queryOpcode = 0;
/** A question takes 271 octets at most; the rest is room for options that we do not know. */
export const messageBytesMax = 4096;
const recordsMax = 16;
const optType = 41;

/** Null: not to be answered at all, because it has no header or is an answer itself. Anything else that is wrong reads as a query without a question. */
export function readQuery(message: Uint8Array): Query | null {
  if (message.length < headerBytes) return null;
  const bytes = Buffer.from(message.buffer, message.byteOffset, message.length);
  const flags = bytes.readUInt16BE(2);
  if ((flags & 0x8000) !== 0) return null;
  const opcode = (flags >> 11) & 15;
  const head = { id: bytes.readUInt16BE(0), opcode, recursionDesired: (flags & RECURSION_DESIRED) !== 0 };
  const body = opcode === queryOpcode && bytes.length <= messageBytesMax ? readBody(bytes) : null;
  return { ...head, question: body?.question ?? null, edns: body?.edns ?? null };
}

/** One question and nothing left over, or null. */
function readBody(bytes: Buffer): Pick<Query, 'question' | 'edns'> | null {
  const [questions, answers, authorities, additionals] = [4, 6, 8, 10].map((at) => bytes.readUInt16BE(at)) as [number, number, number, number];
  if (questions !== 1 || answers + authorities + additionals > recordsMax) return null;
  const name = readName(bytes, headerBytes);
  if (!name || name.end + 4 > bytes.length) return null;
  const end = name.end + 4;
  const [type, klass] = [bytes.readUInt16BE(name.end), bytes.readUInt16BE(name.end + 2)];
  const question = { labels: name.labels, type, class: klass, bytes: bytes.subarray(headerBytes, end) };
  const records = walkRecords(bytes, end, answers + authorities + additionals);
  if (!records) return null;
  const options = records.filter(({ type }) => type === optType);
  // At most one, of the root's name, and among the additional records only (RFC 6891 §6.1.1).
  if (options.length > 1 || options.some(({ index, isRoot }) => !isRoot || index < answers + authorities)) return null;
  const edns = options[0] ? readEdns(bytes, question.bytes, options[0]) : null;
  return edns === undefined ? null : { question, edns };
}

/** Undefined: its options do not fill it. */
function readEdns(bytes: Buffer, question: Uint8Array, { start, end }: WalkedRecord): Query['edns'] | undefined {
  for (let at = start + 11; at !== end;) {
    if (at + 4 > end) return undefined;
    at += 4 + bytes.readUInt16BE(at + 2);
    if (at > end) return undefined;
  }
  // Options are for others: the library needs the fixed part alone.
  const fixed = Buffer.concat([headerOf(bytes, 1, 1), question, bytes.subarray(start, start + 9), Buffer.alloc(2)]);
  const opt = decode(fixed).additionals?.[0];
  return opt?.type === 'OPT' ? { udpSize: opt.udpPayloadSize, version: opt.ednsVersion } : undefined;
}

function headerOf(bytes: Buffer, questions: number, additionals: number): Buffer {
  const header = Buffer.from(bytes.subarray(0, headerBytes));
  [questions, 0, 0, additionals].forEach((count, i) => header.writeUInt16BE(count, 4 + 2 * i));
  return header;
}

/**
 * The answer in at most `bytesMax` octets. Additional records are left out where they do not fit, which is no truncation (RFC 2181 §9); where the
 * rest does not fit, TC is set and every section but the question is left empty, so that nobody takes a part for the whole.
 */
export function writeReply(query: Query, reply: Reply, bytesMax: number): Uint8Array {
  const whole = written(query, reply, false);
  if (whole.length <= bytesMax) return whole;
  const bare = written(query, { ...reply, additionals: [] }, false);
  return bare.length <= bytesMax ? bare : written(query, { ...reply, answers: [], authorities: [], additionals: [] }, true);
}

function written({ id, opcode, recursionDesired, question, edns }: Query, reply: Reply, truncated: boolean): Uint8Array {
  const { rcode, authoritative, answers, authorities, additionals } = reply;
  const set = [authoritative && AUTHORITATIVE_ANSWER, truncated && TRUNCATED_RESPONSE, recursionDesired && RECURSION_DESIRED];
  const flags = set.reduce<number>((sum, bit) => sum | (bit || 0), (opcode << 11) | (rcode & 15));
  const bytes = encode({
    type: 'response', id, flags, answers: answers.map(record), authorities: authorities.map(record),
    additionals: [...additionals.map(record), ...(edns ? [optRecord(rcode >> 4)] : [])],
  });
  if (!question) return bytes;
  bytes.writeUInt16BE(1, 4);
  return Buffer.concat([bytes.subarray(0, headerBytes), question.bytes, bytes.subarray(headerBytes)]);
}

function record(each: ResourceRecord): Answer {
  const { name } = each;
  switch (each.type) {
    case 'TXT': return { name, type: 'TXT', ttl: ttlSeconds, data: each.data.map((text) => Buffer.from(text)) };
    case 'SOA': return { name, type: 'SOA', ttl: ttlSeconds, data: each.data };
    case 'HINFO': return { name, type: 'HINFO', ttl: ttlSeconds, data: each.data };
    default: return { name, type: each.type, ttl: ttlSeconds, data: each.data };
  }
}

function optRecord(extendedRcode: number): Answer {
  return { name: '.', type: 'OPT', udpPayloadSize: udpSizeMax, extendedRcode, ednsVersion: 0, flags: 0, flag_do: false, options: [] };
}
