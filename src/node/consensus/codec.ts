import { type Configuration, type Entry, type EntryType, entryType, type Message, type NodeId, type Server } from '../../raft/types.ts';
import { checkGoTime } from './go-time.ts';
import { DecodeError, Reader, textOf, Writer } from './msgpack.ts';

/**
 * The structures of hashicorp/raft as Go writes them: maps with the exported field names in byte order, every field present.
 * Requests begin with one type byte; answers are an error text and a structure. 4 (pre-vote) exists there since 1.7.0.
 */
export const requestType = { append: 0, vote: 1, snapshot: 2, timeoutNow: 3, preVote: 4 } as const;
export type RequestType = (typeof requestType)[keyof typeof requestType];

/** The header version that is always sent. A request with 2 or 3 is served. */
export const protocolVersion = 3;
export const versionRefusal = 'operation not supported with current protocol version';

export type RequestMessage = Extract<Message, { kind: 'append' | 'heartbeat' | 'vote' | 'snapshot' | 'timeout-now' }>;
export type AnswerMessage = Exclude<Message, RequestMessage>;

/** Who speaks. `id` is empty from versions before 1.3.7; `address` is then taken from the structure's own fields. */
export interface Header {
  readonly version: number;
  readonly id: NodeId;
  readonly address: string;
}

export interface DecodedRequest {
  readonly header: Header;
  /** `from` is the header's id. A `timeout-now` has no term on the wire: it is 0 here. */
  readonly message: RequestMessage;
  /** How many raw bytes follow a snapshot request. */
  readonly snapshotBytes: number;
}

/** A whole request frame. `address` is this node's unique raft address; Go voters tell candidates apart by it. */
export function encodeRequest(message: RequestMessage, address: string, snapshotBytes = 0): Uint8Array {
  const writer = new Writer();
  switch (message.kind) {
    case 'append':
      return appendRequest(writer, message, address, message.entries, message.prevIndex, message.prevTerm, message.commit);
    case 'heartbeat':
      return appendRequest(writer, message, address, null, 0, 0, 0);
    case 'vote':
      return message.pre ? preVoteRequest(writer, message, address) : voteRequest(writer, message, address);
    case 'snapshot':
      return snapshotRequest(writer, message, address, snapshotBytes);
    case 'timeout-now':
      return header(writer.byte(requestType.timeoutNow).map(3), address, message.from, protocolVersion).finish();
  }
}

/** Reads a request structure; `to` is this node. Throws DecodeError. */
export function decodeRequest(type: number, payload: Uint8Array, to: NodeId): DecodedRequest {
  const reader = new Reader(payload);
  switch (type) {
    case requestType.append:
      return decodeAppend(reader, to);
    case requestType.vote:
      return decodeVote(reader, to, false);
    case requestType.preVote:
      return decodeVote(reader, to, true);
    case requestType.snapshot:
      return decodeSnapshot(reader, to);
    case requestType.timeoutNow: {
      const head = emptyHeader();
      reader.struct(headerNames, (name, r) => readHeader(head, name, r));
      return { header: head, message: { kind: 'timeout-now', from: head.id, to, term: 0 }, snapshotBytes: 0 };
    }
    default:
      throw new DecodeError(`unknown request type ${type}`);
  }
}

/** A whole answer: no error, then the structure. */
export function encodeAnswer(message: AnswerMessage, address: string): Uint8Array {
  const writer = new Writer().text('');
  switch (message.kind) {
    case 'appended':
      // Success=false in the request's own term means that the log did not match; the leader then need not wait before it retries.
      return appendAnswer(writer, message, address, message.lastIndex, !message.success && message.term === message.requestTerm);
    case 'heard':
      return appendAnswer(writer, message, address, 0, false);
    case 'voted':
      return voteAnswer(writer, message, address);
    case 'installed':
      return noHeader(writer.map(5)).text('Success').bool(message.success).text('Term').uint(message.term).finish();
  }
}

/** The answer to timeout-now, which no message stands for. */
export function encodeTimeoutNowAnswer(): Uint8Array {
  return noHeader(new Writer().text('').map(3)).finish();
}

/** An error text and a nil body. */
export function encodeError(text: string): Uint8Array {
  return new Writer().text(text).nil().finish();
}

/**
 * Reads the answer to `request` and puts back what the wire leaves out. Null for timeout-now, which has no answer message.
 * Throws DecodeError, also for an error text: either way the request got no answer that consensus can use.
 */
export function decodeAnswer(payload: Uint8Array, request: RequestMessage): AnswerMessage | null {
  const reader = new Reader(payload);
  const error = reader.text();
  if (error !== '') throw new DecodeError(`refused: ${error.slice(0, 200)}`);
  const answer = { from: request.to, to: request.from, requestTerm: 'term' in request ? request.term : 0 };
  switch (request.kind) {
    case 'append': {
      const { term, success, lastIndex } = decodeAppendAnswer(reader);
      return { kind: 'appended', ...answer, term, success, matched: request.prevIndex + request.entries.length, lastIndex };
    }
    case 'heartbeat': {
      const { term, success } = decodeAppendAnswer(reader);
      return { kind: 'heard', ...answer, term, success };
    }
    case 'vote': {
      const { term, granted } = decodeVoteAnswer(reader, request.pre);
      return { kind: 'voted', ...answer, term, granted, pre: request.pre };
    }
    case 'snapshot': {
      const { term, success } = decodeSnapshotAnswer(reader);
      return { kind: 'installed', ...answer, term, success, index: request.snapshot.index };
    }
    case 'timeout-now':
      return null;
  }
}

/** Configuration as it travels in log entries and snapshots. The same members in the same order give the same bytes. */
export function encodeConfiguration({ servers }: Configuration): Uint8Array {
  const writer = new Writer().map(1).text('Servers').array(servers.length);
  for (const { id, address, voter } of servers) {
    writer.map(3).text('Address').text(address).text('ID').text(id).text('Suffrage').uint(voter ? 0 : 1);
  }
  return writer.finish();
}

/** Reads a configuration. Throws DecodeError when it is malformed or not valid: ids and addresses unique and given, one voter at least. */
export function decodeConfiguration(bytes: Uint8Array): Configuration {
  let servers: Server[] = [];
  new Reader(bytes).struct(['Servers'], (_, r) => {
    servers = r.array(readServer) ?? [];
  });
  const ids = new Set(servers.map((s) => s.id));
  const addresses = new Set(servers.map((s) => s.address));
  if (ids.size !== servers.length || addresses.size !== servers.length) throw new DecodeError('configuration names a member twice');
  if (ids.has('') || addresses.has('') || !servers.some((s) => s.voter)) throw new DecodeError('configuration lacks an id, an address or a voter');
  return { servers };
}

/** One Log structure, as Go also stores it on disk. */
export function encodeLog(entry: Entry): Uint8Array {
  return writeLog(new Writer(), entry).finish();
}

export function decodeLog(bytes: Uint8Array): Entry {
  return readLog(new Reader(bytes));
}

// Requests

const headerNames = ['ProtocolVersion', 'ID', 'Addr'] as const;
const appendNames = [...headerNames, 'Term', 'Leader', 'PrevLogEntry', 'PrevLogTerm', 'Entries', 'LeaderCommitIndex'] as const;
const voteNames = [...headerNames, 'Term', 'Candidate', 'LastLogIndex', 'LastLogTerm', 'LeadershipTransfer'] as const;
const preVoteNames = [...headerNames, 'Term', 'LastLogIndex', 'LastLogTerm'] as const;
const snapshotNames = [
  ...headerNames, 'SnapshotVersion', 'Term', 'Leader', 'LastLogIndex', 'LastLogTerm', 'Peers', 'Configuration', 'ConfigurationIndex', 'Size',
] as const;
const logNames = ['Index', 'Term', 'Type', 'Data', 'Extensions', 'AppendedAt'] as const;

/** Header fields where nothing sorts between them. */
function header(writer: Writer, address: string, id: NodeId, version: number): Writer {
  return writer.text('Addr').text(address).text('ID').text(id).text('ProtocolVersion').uint(version);
}

/** The zero header that Go's answers to snapshots and timeout-now carry. */
function noHeader(writer: Writer): Writer {
  return writer.text('Addr').nil().text('ID').nil().text('ProtocolVersion').uint(0);
}

function appendRequest(
  writer: Writer, { from, term }: RequestMessage, address: string, entries: readonly Entry[] | null, prevIndex: number, prevTerm: number, commit: number,
): Uint8Array {
  writer.byte(requestType.append).map(9).text('Addr').text(address).text('Entries');
  // Go marks a heartbeat by the nil list; an empty append has an empty one.
  if (entries === null) writer.nil();
  else writer.array(entries.length);
  for (const entry of entries ?? []) writeLog(writer, entry);
  writer.text('ID').text(from).text('Leader').text(address).text('LeaderCommitIndex').uint(commit);
  writer.text('PrevLogEntry').uint(prevIndex).text('PrevLogTerm').uint(prevTerm);
  return writer.text('ProtocolVersion').uint(protocolVersion).text('Term').uint(term).finish();
}

function voteRequest(writer: Writer, message: Extract<Message, { kind: 'vote' }>, address: string): Uint8Array {
  writer.byte(requestType.vote).map(8).text('Addr').text(address).text('Candidate').text(address).text('ID').text(message.from);
  writer.text('LastLogIndex').uint(message.lastIndex).text('LastLogTerm').uint(message.lastTerm);
  writer.text('LeadershipTransfer').bool(message.transfer);
  return writer.text('ProtocolVersion').uint(protocolVersion).text('Term').uint(message.term).finish();
}

function preVoteRequest(writer: Writer, message: Extract<Message, { kind: 'vote' }>, address: string): Uint8Array {
  writer.byte(requestType.preVote).map(6).text('Addr').text(address).text('ID').text(message.from);
  writer.text('LastLogIndex').uint(message.lastIndex).text('LastLogTerm').uint(message.lastTerm);
  return writer.text('ProtocolVersion').uint(protocolVersion).text('Term').uint(message.term).finish();
}

function snapshotRequest(writer: Writer, { from, term, snapshot }: Extract<Message, { kind: 'snapshot' }>, address: string, size: number): Uint8Array {
  const voters = snapshot.configuration.servers.filter((s) => s.voter);
  const peers = new Writer().array(voters.length);
  for (const voter of voters) peers.text(voter.address);
  writer.byte(requestType.snapshot).map(12).text('Addr').text(address);
  writer.text('Configuration').bytes(encodeConfiguration(snapshot.configuration)).text('ConfigurationIndex').uint(snapshot.configurationIndex);
  writer.text('ID').text(from).text('LastLogIndex').uint(snapshot.index).text('LastLogTerm').uint(snapshot.term);
  writer.text('Leader').text(address).text('Peers').bytes(peers.finish()).text('ProtocolVersion').uint(protocolVersion);
  return writer.text('Size').uint(size).text('SnapshotVersion').uint(1).text('Term').uint(term).finish();
}

type OpenHeader = { -readonly [K in keyof Header]: Header[K] };

function emptyHeader(): OpenHeader {
  return { version: 0, id: '', address: '' };
}

function readHeader(head: OpenHeader, name: string, r: Reader): void {
  if (name === 'ProtocolVersion') head.version = r.uint();
  else if (name === 'ID') head.id = looseText(r);
  else head.address = looseText(r);
}

/** Ids and addresses are []byte in Go's headers, so bin is allowed there. */
function looseText(r: Reader): string {
  return textOf(r.bytes() ?? new Uint8Array());
}

/** Leader and Candidate are older names for the sender's address. */
function withAddress(head: OpenHeader, older: string): OpenHeader {
  return head.address === '' ? { ...head, address: older } : head;
}

function decodeAppend(reader: Reader, to: NodeId): DecodedRequest {
  const head = emptyHeader();
  const got = { term: 0, leader: '', prevIndex: 0, prevTerm: 0, entries: null as Entry[] | null, commit: 0 };
  reader.struct(appendNames, (name, r) => {
    switch (name) {
      case 'Term': got.term = r.uint(); break;
      case 'Leader': got.leader = looseText(r); break;
      case 'PrevLogEntry': got.prevIndex = r.uint(); break;
      case 'PrevLogTerm': got.prevTerm = r.uint(); break;
      case 'Entries': got.entries = r.array(readLog); break;
      case 'LeaderCommitIndex': got.commit = r.uint(); break;
      default: readHeader(head, name, r);
    }
  });
  const { term, prevIndex, prevTerm, entries, commit } = got;
  const common = { from: head.id, to, term };
  const beat = entries === null && prevIndex === 0 && prevTerm === 0 && commit === 0;
  const message: RequestMessage = beat ? { kind: 'heartbeat', ...common } : { kind: 'append', ...common, prevIndex, prevTerm, entries: inOrder(entries ?? [], prevIndex, term), commit };
  return { header: withAddress(head, got.leader), message, snapshotBytes: 0 };
}

/** Entries follow the previous one without a gap, and none is newer than its leader. */
function inOrder(entries: readonly Entry[], prevIndex: number, term: number): readonly Entry[] {
  if (entries.some((entry, i) => entry.index !== prevIndex + 1 + i || entry.term > term)) throw new DecodeError('entries out of order');
  return entries;
}

function decodeVote(reader: Reader, to: NodeId, pre: boolean): DecodedRequest {
  const head = emptyHeader();
  const got = { term: 0, candidate: '', lastIndex: 0, lastTerm: 0, transfer: false };
  reader.struct(pre ? preVoteNames : voteNames, (name, r) => {
    switch (name) {
      case 'Term': got.term = r.uint(); break;
      case 'Candidate': got.candidate = looseText(r); break;
      case 'LastLogIndex': got.lastIndex = r.uint(); break;
      case 'LastLogTerm': got.lastTerm = r.uint(); break;
      case 'LeadershipTransfer': got.transfer = r.bool(); break;
      default: readHeader(head, name, r);
    }
  });
  const { term, lastIndex, lastTerm, transfer } = got;
  return { header: withAddress(head, got.candidate), message: { kind: 'vote', from: head.id, to, term, lastIndex, lastTerm, transfer, pre }, snapshotBytes: 0 };
}

function decodeSnapshot(reader: Reader, to: NodeId): DecodedRequest {
  const head = emptyHeader();
  const got = { term: 0, leader: '', index: 0, lastTerm: 0, configuration: null as Uint8Array | null, configurationIndex: 0, size: 0, version: 0 };
  reader.struct(snapshotNames, (name, r) => {
    switch (name) {
      case 'SnapshotVersion': got.version = r.uint(); break;
      case 'Term': got.term = r.uint(); break;
      case 'Leader': got.leader = looseText(r); break;
      case 'LastLogIndex': got.index = r.uint(); break;
      case 'LastLogTerm': got.lastTerm = r.uint(); break;
      case 'Peers': r.bytes(); break;
      case 'Configuration': got.configuration = r.bytes(); break;
      case 'ConfigurationIndex': got.configurationIndex = r.uint(); break;
      case 'Size': got.size = r.uint(); break;
      default: readHeader(head, name, r);
    }
  });
  // Version 0 has no configuration, only addresses; nothing that speaks header version 2 or 3 sends it.
  if (got.version !== 1 || got.configuration === null) throw new DecodeError('snapshot without configuration');
  const snapshot = { index: got.index, term: got.lastTerm, configuration: decodeConfiguration(got.configuration), configurationIndex: got.configurationIndex };
  return { header: withAddress(head, got.leader), message: { kind: 'snapshot', from: head.id, to, term: got.term, snapshot }, snapshotBytes: got.size };
}

// Log entries and servers

const knownTypes: ReadonlySet<number> = new Set(Object.values(entryType));

function writeLog(writer: Writer, entry: Entry): Writer {
  writer.map(6).text('AppendedAt').bytes(entry.appendedAt).text('Data');
  // Go keeps no bytes at all in no-ops and barriers, and writes that as nil.
  const bare = entry.data.length === 0 && (entry.type === entryType.noop || entry.type === entryType.barrier);
  writer.bytes(bare ? null : entry.data).text('Extensions').bytes(entry.extensions);
  return writer.text('Index').uint(entry.index).text('Term').uint(entry.term).text('Type').uint(entry.type);
}

function readLog(reader: Reader): Entry {
  const got = { index: 0, term: 0, type: 0, data: new Uint8Array() as Uint8Array, extensions: null as Uint8Array | null, appendedAt: null as Uint8Array | null };
  reader.struct(logNames, (name, r) => {
    switch (name) {
      case 'Index': got.index = r.uint(); break;
      case 'Term': got.term = r.uint(); break;
      case 'Type': got.type = r.uint(); break;
      case 'Data': got.data = r.bytes() ?? new Uint8Array(); break;
      case 'Extensions': got.extensions = r.bytes(); break;
      case 'AppendedAt': got.appendedAt = r.bytes(); break;
    }
  });
  if (!knownTypes.has(got.type)) throw new DecodeError(`unknown entry type ${got.type}`);
  if (got.appendedAt !== null) checkGoTime(got.appendedAt);
  if (got.type === entryType.configuration) decodeConfiguration(got.data);
  return { ...got, type: got.type as EntryType };
}

function readServer(reader: Reader): Server {
  const got = { suffrage: 0, id: '', address: '' };
  reader.struct(['Suffrage', 'ID', 'Address'], (name, r) => {
    if (name === 'Suffrage') got.suffrage = r.uint();
    else if (name === 'ID') got.id = r.text();
    else got.address = r.text();
  });
  if (got.suffrage > 2) throw new DecodeError('unknown suffrage');
  return { id: got.id, address: got.address, voter: got.suffrage === 0 };
}

// Answers

const voteAnswerNames = [...headerNames, 'Term', 'Peers', 'Granted'] as const;
const preVoteAnswerNames = [...headerNames, 'Term', 'Granted'] as const;

function appendAnswer(writer: Writer, { from, term, success }: { from: NodeId; term: number; success: boolean }, address: string, lastIndex: number, retryNow: boolean): Uint8Array {
  writer.map(7).text('Addr').text(address).text('ID').text(from).text('LastLog').uint(lastIndex).text('NoRetryBackoff').bool(retryNow);
  return writer.text('ProtocolVersion').uint(protocolVersion).text('Success').bool(success).text('Term').uint(term).finish();
}

function voteAnswer(writer: Writer, { from, term, granted, pre }: Extract<Message, { kind: 'voted' }>, address: string): Uint8Array {
  writer.map(pre ? 5 : 6).text('Addr').text(address).text('Granted').bool(granted).text('ID').text(from);
  if (!pre) writer.text('Peers').nil();
  return writer.text('ProtocolVersion').uint(protocolVersion).text('Term').uint(term).finish();
}

function decodeAppendAnswer(reader: Reader): { term: number; success: boolean; lastIndex: number } {
  const got = { term: 0, success: false, lastIndex: 0 };
  reader.struct([...headerNames, 'Term', 'LastLog', 'Success', 'NoRetryBackoff'], (name, r) => {
    if (name === 'Term') got.term = r.uint();
    else if (name === 'LastLog') got.lastIndex = r.uint();
    else if (name === 'Success') got.success = r.bool();
    else if (name === 'NoRetryBackoff') r.bool();
    else readHeader(emptyHeader(), name, r);
  });
  return got;
}

function decodeVoteAnswer(reader: Reader, pre: boolean): { term: number; granted: boolean } {
  const got = { term: 0, granted: false };
  reader.struct(pre ? preVoteAnswerNames : voteAnswerNames, (name, r) => {
    if (name === 'Term') got.term = r.uint();
    else if (name === 'Granted') got.granted = r.bool();
    else if (name === 'Peers') r.bytes();
    else readHeader(emptyHeader(), name, r);
  });
  return got;
}

function decodeSnapshotAnswer(reader: Reader): { term: number; success: boolean } {
  const got = { term: 0, success: false };
  reader.struct([...headerNames, 'Term', 'Success'], (name, r) => {
    if (name === 'Term') got.term = r.uint();
    else if (name === 'Success') got.success = r.bool();
    else readHeader(emptyHeader(), name, r);
  });
  return got;
}
