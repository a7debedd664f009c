/**
 * What wireguard-go's own text must become before it is built: docs/decisions/0013. The address that a datagram goes to comes from a pool and is as
 * long as that of the datagram before; an IPv6 address that is copied into four bytes keeps twelve of another's.
 */
export const correctedFile = 'conn/bind_std.go';
const wrong = `\t\tcopy(ua.IP, as16[:])
\t\tua.IP = ua.IP[:16]
`;
const right = `\t\tua.IP = ua.IP[:16]
\t\tcopy(ua.IP, as16[:])
`;

/** The file as it is to be built. Throws when the fault is not there exactly once: another version, which a person has to read first. */
export function corrected(source: string): string {
  const found = source.split(wrong).length - 1;
  if (found !== 1) throw new Error(`wireguard-go's ${correctedFile} has the lines to be corrected ${found} times, not once; next: read it, and docs/decisions/0013, and change or drop the correction`);
  return source.replace(wrong, right);
}
