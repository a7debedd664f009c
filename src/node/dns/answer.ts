import { type Query, type Question, readQuery, type Reply, type ResourceRecord, udpSizeMax, writeReply } from './codec.ts';
import { type Found, type Zone } from './zone.ts';

/** RFC 1035 §4.1.1, RFC 6891 §9. */
export const rcodes = { ok: 0, malformed: 1, serverFailure: 2, nameError: 3, notImplemented: 4, refused: 5, badVersion: 16 } as const;
const typeNumbers = { A: 1, NS: 2, SOA: 6, PTR: 12, HINFO: 13, TXT: 16, AAAA: 28 } as const;
const inClass = 1;
const anyType = 255;
const optType = 41;
const transfers: readonly number[] = [251, 252];
/** Types of questions, not of data (RFC 6895 §3.1). */
const firstMetaType = 128;
/** Without EDNS (RFC 1035 §2.3.4). */
const plainUdpBytes = 512;
const tcpBytesMax = 65_535;

/**
 * The answer to one message, or null where silence is right (answers, and what has no header). Never throws for what the message holds.
 * A zone of null is not known yet, and the asker may try elsewhere. Authoritative only: no recursion, no transfers.
 */
export function answer(message: Uint8Array, zone: Zone | null, transport: 'udp' | 'tcp'): Uint8Array | null {
  const query = readQuery(message);
  return query && writeReply(query, decide(query, zone), transport === 'tcp' ? tcpBytesMax : udpBytes(query));
}

/** What the asker takes, within reason: larger datagrams are fragments somewhere (RFC 6891 §6.2.5, RFC 9715). */
function udpBytes({ edns }: Query): number {
  return edns ? Math.min(udpSizeMax, Math.max(plainUdpBytes, edns.udpSize)) : plainUdpBytes;
}

function decide({ opcode, question, edns }: Query, zone: Zone | null): Reply {
  if (opcode !== 0) return failed(rcodes.notImplemented);
  if (!question) return failed(rcodes.malformed);
  if (edns && edns.version > 0) return failed(rcodes.badVersion);
  if (question.class !== inClass || transfers.includes(question.type)) return failed(rcodes.refused);
  if (question.type === optType || (question.type >= firstMetaType && question.type < anyType)) return failed(rcodes.notImplemented);
  if (!zone) return failed(rcodes.serverFailure);
  const found = zone.find(question.labels);
  return found ? known(question, found, zone) : failed(rcodes.refused);
}

function known({ type }: Question, { apex, exists, records, related }: Found, zone: Zone): Reply {
  const answers = type === anyType ? minimal(records) : records.filter((each) => typeNumbers[each.type] === type);
  if (answers.length > 0) return { rcode: rcodes.ok, authoritative: true, answers, authorities: [], additionals: wantedNext(answers, related) };
  // The SOA says for how long the absence may be remembered (RFC 2308 §3).
  return { rcode: exists ? rcodes.ok : rcodes.nameError, authoritative: true, answers: [], authorities: [zone.soa(apex)], additionals: [] };
}

/** A question for everything is answered with one small record (RFC 8482 §4.2). */
function minimal(records: readonly ResourceRecord[]): readonly ResourceRecord[] {
  return records.slice(0, 1).map(({ name }) => ({ name, type: 'HINFO', data: { cpu: 'RFC8482', os: '' } }));
}

/** What is known besides of the names in the answer: an address with its text and the other way round, the addresses of a name server. */
function wantedNext(answers: readonly ResourceRecord[], related: readonly ResourceRecord[]): readonly ResourceRecord[] {
  const type = answers[0]?.type;
  const wanted = type === 'TXT' || type === 'NS' ? ['A', 'AAAA'] : type === 'A' || type === 'AAAA' ? ['TXT'] : [];
  return related.filter((each) => wanted.includes(each.type));
}

function failed(rcode: number): Reply {
  return { rcode, authoritative: false, answers: [], authorities: [], additionals: [] };
}
