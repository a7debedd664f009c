import { formatIp, parseIp } from '../../base/ip.ts';
import { isKey } from '../../base/keys.ts';
import { RpcError, status } from '../../base/rpc.ts';

export const limits = { endpoints: 16, patterns: 64, nameCharacters: 253 } as const;

const idPattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,252}$/;
const globPattern = /^[A-Za-z0-9._*-]{1,253}$/;

/** All of these throw invalidArgument and name the field. Texts in the message are short and never repeat what was sent. */
function invalid(message: string): RpcError {
  return new RpcError(status.invalidArgument, message);
}

/** Letters, digits, dot, underscore and hyphen, beginning with a letter or digit: also fit for DNS, patterns and metadata. */
export function nodeId(id: string): string {
  if (id === '') throw invalid('node id is required');
  if (!idPattern.test(id)) throw invalid('node id is invalid: at most 253 letters, digits, dots, underscores and hyphens');
  return id;
}

export function publicKey(text: string): string {
  if (!isKey(text)) throw invalid('public key is invalid: 32 bytes in base64');
  return text;
}

/** A bare IP address in its canonical text, without a zone: zones mean nothing on another machine. */
export function address(text: string, field: string): string {
  const ip = parseIp(text);
  if (!ip || ip.value === 0n) throw invalid(`${field} is invalid: an IP address without a port`);
  return formatIp(ip);
}

export function optionalAddress(text: string, field: string): string {
  return text === '' ? '' : address(text, field);
}

export function addresses(list: readonly string[], field: string): readonly string[] {
  if (list.length > limits.endpoints) throw invalid(`${field} are too many: at most ${limits.endpoints}`);
  return [...new Set(list.map((text) => address(text, field)))];
}

/** 1 to 65535; 0 stands for the default. */
export function port(value: number, field: string, byDefault: number): number {
  if (!Number.isInteger(value) || value < 0 || value > 65_535) throw invalid(`${field} is invalid: 1 to 65535`);
  return value === 0 ? byDefault : value;
}

export function aclName(name: string): string {
  if (name === '') throw invalid('name is required');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
  if (name.length > limits.nameCharacters || /[\u0000-\u001f\u007f]/.test(name)) throw invalid('name is invalid: at most 253 printable characters');
  return name;
}

export function patterns(list: readonly string[]): readonly string[] {
  if (list.length === 0) throw invalid('a pattern is required');
  if (list.length > limits.patterns) throw invalid(`patterns are too many: at most ${limits.patterns}`);
  for (const pattern of list) if (!globPattern.test(pattern)) throw invalid('pattern is invalid: letters, digits, dots, underscores, hyphens and *');
  return list;
}

export const labelCharactersMax = 64;

/** What people call something: at most 64 characters, no control characters, and none that would turn the text around it (UAX #9). */
export function label(text: string, field: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
  if ([...text].length > labelCharactersMax || /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/.test(text)) throw invalid(`${field} is invalid: at most ${labelCharactersMax} printable characters`);
  return text.trim();
}

/** Sixteen lower-case letters and digits. */
export function inviteId(id: string): string {
  if (!/^[a-z0-9]{16}$/.test(id)) throw invalid('invite id is invalid: 16 lower-case letters and digits');
  return id;
}

/** A SHA-256. */
export function hash(bytes: Uint8Array, field: string): Uint8Array {
  if (bytes.length !== 32) throw invalid(`${field} is invalid: 32 bytes`);
  return new Uint8Array(bytes);
}
