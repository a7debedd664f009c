/**
 * Domains under which nobody on the Internet has names: set aside by ICANN (internal, 2024), by RFC 8375 (home.arpa), and those that private
 * networks have long been told to use (RFC 6762, appendix G). Not `local`, which is multicast DNS.
 */
export const privateSuffixes = ['internal', 'home.arpa', 'lan', 'home', 'corp', 'private', 'intranet'] as const;

/** The zone of a mesh's names when none is named. */
export const meshZone = 'webmesh.internal';

const label = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
const nameCharactersMax = 200;

/** A domain in lower case without a dot at the end: two labels or more of letters, digits and hyphens (RFC 1035 §2.3.1, RFC 1123 §2.1). */
export function isDomain(name: string): boolean {
  const labels = name.length <= nameCharactersMax ? name.split('.') : [];
  return labels.length >= 2 && labels.every((each) => label.test(each));
}

/** A domain that lies below one of the private ones: taking it from the machine's resolver hides nothing of the Internet. */
export function isPrivateDomain(name: string): boolean {
  return isDomain(name) && privateSuffixes.some((suffix) => name.endsWith(`.${suffix}`));
}
