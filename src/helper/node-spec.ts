import { failure } from '../base/failure.ts';
import { parseIp, parsePrefix, splitHostPort } from '../base/ip.ts';
import { NodeSpec } from '../gen/webmesh/helper/v1/helper.ts';
import { tunnelIdPattern } from './tunnel/spec.ts';

const nodeIdPattern = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9])?$/;
const hostPattern = /^[A-Za-z0-9.:-]{1,253}$/;
const endpointsMax = 64;
const addressesMax = 16;
const textMax = 64;
const portMax = 65535;

/** Checks a node specification from a caller that is not trusted. Throws input.invalid or input.limit, naming the field. */
export function parseNodeSpec(spec: NodeSpec): NodeSpec {
  check('tunnel_id', tunnelIdPattern.test(spec.tunnelId));
  check('node_id', nodeIdPattern.test(spec.nodeId));
  check('mesh_ipv4', spec.meshIpv4 === '' || parseIp(spec.meshIpv4)?.family === 4);
  check('mesh_ipv6', spec.meshIpv6 === '' || parseIp(spec.meshIpv6)?.family === 6);
  for (const [field, port] of [['raft_port', spec.raftPort], ['grpc_port', spec.grpcPort], ['wireguard_port', spec.wireguardPort]] as const) check(field, port <= portMax);
  check('primary_endpoint', spec.primaryEndpoint === '' || hostPattern.test(spec.primaryEndpoint));
  limit('endpoints', spec.endpoints, endpointsMax);
  check('endpoints', spec.endpoints.every((text) => text.length <= 300 && (hostPattern.test(text) || splitHostPort(text) !== undefined)));
  limit('public_addresses', spec.publicAddresses, addressesMax);
  check('public_addresses', spec.publicAddresses.every((text) => parseIp(text) !== undefined));
  if (spec.bootstrap !== undefined) {
    check('bootstrap.network_name', spec.bootstrap.networkName.length > 0 && spec.bootstrap.networkName.length <= textMax);
    check('bootstrap.ipv4_network', spec.bootstrap.ipv4Network === '' || parsePrefix(spec.bootstrap.ipv4Network)?.ip.family === 4);
  }
  return spec;
}

/** Two specifications that ask for the same process, whatever order their fields came in. */
export function sameNodeSpec(a: NodeSpec, b: NodeSpec): boolean {
  return JSON.stringify(NodeSpec.toJSON(a)) === JSON.stringify(NodeSpec.toJSON(b));
}

function check(field: string, good: boolean): void {
  if (!good) throw failure('input.invalid', { field, reason: 'not in the expected form' });
}

function limit(field: string, list: readonly unknown[], max: number): void {
  if (list.length > max) throw failure('input.limit', { field, max, got: list.length });
}
