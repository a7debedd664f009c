/** Keys of mesh_state. The first two are of the v1 schema, the rest ours. */
export const ulaPrefixKey = 'ULAPrefix';
export const ipv4PrefixKey = 'IPv4Prefix';
export const networkNameKey = 'NetworkName';

/** `mtls` in a mesh that was founded secured, and then for ever. Absent in clear text. */
export const trustKey = 'Trust';
export const trustSecured = 'mtls';
/** The root certificate, DER in base64. Written with the founding, never changed. */
export const rootCertificateKey = 'RootCertificate';

export const voterPrefix = 'voter/';
const raftIpv6Prefix = 'raft-ipv6/';

/** Present (`true`) when a node asked to vote and may: it is promoted once it has caught up. */
export const voterKey = (nodeId: string): string => `${voterPrefix}${nodeId}`;

/** Present (`true`) when a node with an IPv4 lease wants to be replicated to over IPv6. */
export const raftIpv6Key = (nodeId: string): string => `${raftIpv6Prefix}${nodeId}`;
