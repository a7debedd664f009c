/**
 * Joins made-up members to a clear-text mesh through its ordinary API: `node scripts/lib/bench-crowd.ts ADDRESS COUNT`. Nobody answers at their
 * addresses, so they are members whose machines are off. Run inside of the namespace that reaches the address.
 */
import { generateKeyPairSync } from 'node:crypto';
import { JoinRequest } from '../../src/gen/v1/node_messages.ts';
import { meshClient } from '../../src/platform/mesh-client.ts';

const [address = '', count = '0'] = process.argv.slice(2);
const mesh = meshClient.dial(address, { kind: 'clear-text' });
for (let i = 0; i < Number(count); i++) {
  const publicKey = generateKeyPairSync('x25519').publicKey.export({ type: 'spki', format: 'der' }).subarray(-32).toString('base64');
  await mesh.join(JoinRequest.fromPartial({ id: `made-up-${i}`, publicKey, raftPort: 9_443, grpcPort: 8_443, wireguardPort: 51_820, primaryEndpoint: `198.18.78.${i + 1}`, assignIpv4: true }), AbortSignal.timeout(10_000));
}
mesh.close();
