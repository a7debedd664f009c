import { type Description } from '../path-ports.ts';

/** A session description that came from outside, and what it says besides. */
export interface HeardDescription {
  /** Written anew from its facts: the library never sees bytes that others chose. */
  readonly description: Description;
  /** Candidates that stood in it, for ends that do not send them one by one. */
  readonly candidates: readonly string[];
  /** The other end is a node of ours: it speaks the frames of `control`. */
  readonly ours: boolean;
}

export const descriptionCharactersMax = 16_384;
const linesMax = 400;
const candidatesMax = 32;
/** An attribute of our own: others skip what they do not know (RFC 8866, section 5.13). */
const ourAttribute = 'a=x-webmesh:1';

/**
 * Reads `{"type":"offer"|"answer","sdp":…}` of a connection for data channels (RFC 8841). Undefined: it is none, or another type than wanted.
 * Unknown lines are skipped.
 */
export function readDescription(text: string, wanted: Description['type']): HeardDescription | undefined {
  const parsed = text.length <= descriptionCharactersMax ? objectOf(text) : undefined;
  const { type, sdp } = parsed ?? {};
  if (type !== wanted || typeof sdp !== 'string') return undefined;
  const lines = sdp.split(/\r?\n/);
  if (lines.length > linesMax || !lines.some((line) => /^m=application \d{1,5} (UDP|TCP)\/DTLS\/SCTP webrtc-datachannel$/.test(line))) return undefined;
  const facts = factsOf(lines);
  if (!facts || (wanted === 'answer' && facts.setup === 'actpass')) return undefined;
  return {
    description: { type: wanted, sdp: sdpOf(facts) },
    candidates: lines.filter((line) => line.startsWith('a=candidate:')).slice(0, candidatesMax).map((line) => line.slice(2)),
    ours: lines.includes(ourAttribute),
  };
}

/** The JSON of our own description, with the word that we are of one kind. */
export function writeDescription({ type, sdp }: Description): string {
  return JSON.stringify({ type, sdp: `${sdp.trimEnd()}\r\n${ourAttribute}\r\n` });
}

function objectOf(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

type Facts = Readonly<Record<keyof typeof patterns, string>>;

const patterns = {
  ufrag: /^a=ice-ufrag:([A-Za-z0-9+/]{4,256})$/,
  pwd: /^a=ice-pwd:([A-Za-z0-9+/]{22,256})$/,
  fingerprint: /^a=fingerprint:(sha-(?:256|384|512) [0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){31,63})$/i,
  setup: /^a=setup:(actpass|active|passive)$/,
  mid: /^a=mid:([A-Za-z0-9_-]{1,16})$/,
  sctpPort: /^a=sctp-port:([1-9][0-9]{0,4})$/,
  messageSize: /^a=max-message-size:([0-9]{1,10})$/,
} as const;
/** What may be missing. 64 KiB is what the default means (RFC 8841, section 6). */
const defaults: Partial<Record<keyof typeof patterns, string>> = { mid: '0', sctpPort: '5000', messageSize: '65536' };

function factsOf(lines: readonly string[]): Facts | undefined {
  const found: Partial<Record<keyof typeof patterns, string>> = { ...defaults };
  for (const [name, pattern] of Object.entries(patterns)) {
    const value = lines.map((line) => pattern.exec(line)?.[1]).find((each) => each !== undefined);
    if (value !== undefined) found[name as keyof typeof patterns] = value;
  }
  return Object.keys(patterns).every((name) => found[name as keyof typeof patterns] !== undefined) && Number(found.sctpPort) <= 65_535 ? (found as Facts) : undefined;
}

function sdpOf({ ufrag, pwd, fingerprint, setup, mid, sctpPort, messageSize }: Facts): string {
  return [
    'v=0', 'o=- 1 1 IN IP4 127.0.0.1', 's=-', 't=0 0', `a=group:BUNDLE ${mid}`, 'a=ice-options:trickle', 'm=application 9 UDP/DTLS/SCTP webrtc-datachannel', 'c=IN IP4 0.0.0.0',
    `a=mid:${mid}`, 'a=sendrecv', `a=sctp-port:${sctpPort}`, `a=max-message-size:${messageSize}`, `a=setup:${setup}`, `a=ice-ufrag:${ufrag}`, `a=ice-pwd:${pwd}`,
    `a=fingerprint:${fingerprint}`, '',
  ].join('\r\n');
}
