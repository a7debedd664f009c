import { deviceIdPattern } from '../base/identity.ts';
import type { CertificateFacts } from '../base/pki.ts';

/** What every kind of certificate of a mesh looks like, and nothing else is one: RFC 5280 with the options taken away. Pure. */
export type Kind = CertificateFacts['kind'];
type Names = readonly (readonly [type: string, value: string])[];

export interface ParsedExtension {
  readonly type: string;
  readonly critical: boolean;
  readonly value: string;
}

export interface Parsed {
  readonly subject: Names;
  readonly issuer: Names;
  readonly subjectDer: string;
  readonly issuerDer: string;
  readonly serialBytes: number;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  readonly keyIsP256: boolean;
  readonly signatureIsEcdsaSha256: boolean;
  readonly fingerprint: string;
  readonly keyHash: string;
  readonly extensions: readonly ParsedExtension[];
}

export const extensions = {
  subjectKeyId: '2.5.29.14', keyUsage: '2.5.29.15', subjectAltName: '2.5.29.17', basicConstraints: '2.5.29.19', authorityKeyId: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37', unknown: 'unknown',
} as const;

/** Bits of KeyUsage as the library counts them. */
const digitalSignature = 1;
const keyCertSign = 32;
const serverAuth = '1.3.6.1.5.5.7.3.1';
const clientAuth = '1.3.6.1.5.5.7.3.2';

export interface Profile {
  /** The organisational unit keeps kinds apart that share a common name: a voter's authority and its own device, a mesh called like a node. */
  readonly subject: (id: string) => Names;
  readonly selfSigned: boolean;
  /** Undefined: signs nothing. */
  readonly pathLength: number | undefined;
  readonly keyUsage: number;
  /** Has a dNSName, and proves itself in TLS either way. */
  readonly named: boolean;
  readonly extendedKeyUsage: readonly string[];
}

export const profiles: Readonly<Record<Kind, Profile>> = {
  root: { subject: (id) => [['CN', id], ['OU', 'mesh']], selfSigned: true, pathLength: 1, keyUsage: keyCertSign, named: false, extendedKeyUsage: [] },
  authority: { subject: (id) => [['CN', id], ['OU', 'authority']], selfSigned: false, pathLength: 0, keyUsage: keyCertSign, named: false, extendedKeyUsage: [] },
  device: { subject: (id) => [['CN', id]], selfSigned: false, pathLength: undefined, keyUsage: digitalSignature, named: true, extendedKeyUsage: [serverAuth, clientAuth] },
};

const serialBytesMax = 17;
const nameMax = 64;

/** The facts of a certificate that fits a profile to the letter; else what is wrong with it. */
export function judge(parsed: Parsed): CertificateFacts | string {
  const { subject, issuer, notBeforeMs, notAfterMs, fingerprint, keyHash } = parsed;
  if (!parsed.keyIsP256) return 'not a key on P-256';
  if (!parsed.signatureIsEcdsaSha256) return 'not signed by ECDSA with SHA-256';
  if (parsed.serialBytes < 1 || parsed.serialBytes > serialBytesMax) return 'serial number';
  if (!(notBeforeMs <= notAfterMs)) return 'times';
  const id = subject[0]?.[1] ?? '';
  const kind = (Object.keys(profiles) as Kind[]).find((name) => same(subject, profiles[name].subject(id)));
  if (!kind) return 'subject';
  if (kind === 'root' ? id === '' || id.length > nameMax : !deviceIdPattern.test(id)) return 'name';
  const profile = profiles[kind];
  if (profile.selfSigned !== same(subject, issuer)) return 'issuer';
  const wanted = wantedExtensions(profile, id);
  const problem = wanted.find((want) => !parsed.extensions.some((has) => has.type === want.type && has.critical === want.critical && (want.value === undefined || has.value === want.value)));
  if (problem) return `extension ${problem.type}`;
  if (parsed.extensions.length !== wanted.length) return 'an extension too many';
  return { kind, id, fingerprint, keyHash, notBeforeMs, notAfterMs };
}

interface Wanted {
  readonly type: string;
  readonly critical: boolean;
  /** Undefined: any. */
  readonly value: string | undefined;
}

function wantedExtensions({ pathLength, keyUsage, named, selfSigned, extendedKeyUsage }: Profile, id: string): Wanted[] {
  const want = (type: string, critical: boolean, value?: string): Wanted => ({ type, critical, value });
  return [
    want(extensions.keyUsage, true, String(keyUsage)), want(extensions.subjectKeyId, false),
    ...(pathLength === undefined ? [] : [want(extensions.basicConstraints, true, `ca ${pathLength}`)]),
    ...(named ? [want(extensions.extendedKeyUsage, false, [...extendedKeyUsage].sort().join(' ')), want(extensions.subjectAltName, false, `dns:${id}`)] : []),
    ...(selfSigned ? [] : [want(extensions.authorityKeyId, false)]),
  ];
}

/** True when `child` names `parent` as its issuer, by name and by key. The signature is another question. */
export function names(child: Parsed, parent: Parsed): boolean {
  const valueOf = ({ extensions: list }: Parsed, type: string): string => list.find((extension) => extension.type === type)?.value ?? '';
  const key = valueOf(parent, extensions.subjectKeyId);
  return child.issuerDer === parent.subjectDer && key !== '' && valueOf(child, extensions.authorityKeyId) === key;
}

const same = (a: Names, b: Names): boolean => JSON.stringify(a) === JSON.stringify(b);
