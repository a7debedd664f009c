/** Does each node do what it says, and nothing that it does not say? For the demo and for system tests. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { createKeyring } from '../../src/core/trust/keyring.ts';
import { createFileSecrets } from '../../src/platform/secrets-file.ts';
import { type FeatureCheck, type FeatureTarget, lies, probeFeatures } from './feature-probes.ts';
import { type Host } from './hosts.ts';
import { root } from './set-up.mjs';

export { type FeatureCheck, type FeatureTarget, lies } from './feature-probes.ts';

/** Ports and domain of a node that was told no others. */
export const featureDefaults = { ports: { grpc: 8443, turn: 3478, dns: 5353, prometheus: 8080 }, domain: 'webmesh.internal' } as const;
const probeMs = 30_000;

/**
 * Asks a node for its features and then for each of them, from a network namespace (null: from here). One row a feature; `lies` picks those where
 * what is said and what answers differ. Rejects when the node does not answer at all.
 */
export function checkFeatures(target: FeatureTarget, namespace: string | null): Promise<readonly FeatureCheck[]> {
  if (namespace === null) return probeFeatures(target);
  return new Promise((resolve, reject) => {
    const args = ['netns', 'exec', namespace, join(root, 'node_modules/.bin/node'), join(root, 'scripts/lib/feature-probe.ts')];
    const child = execFile('ip', args, { cwd: root, timeout: probeMs, killSignal: 'SIGKILL' }, (error, stdout, stderr) => {
      const problem = stderr.split('\n').find((line) => line.includes('Error')) ?? error?.message;
      if (error) reject(new Error(`the features of ${target.nodeId} could not be asked for: ${problem}`));
      else resolve(JSON.parse(stdout) as readonly FeatureCheck[]);
    });
    // Keys go by the pipe: a command line can be read by everybody.
    child.stdin?.on('error', () => {});
    child.stdin?.end(JSON.stringify(target));
  });
}

/** What differs from the defaults, and where else than in the mesh a TURN server may listen. */
export type MoreOfHost = Partial<Pick<FeatureTarget, 'ports' | 'domain' | 'publicAddresses'>>;

/** Asks `from` about `of`, both connected to one mesh: as the device that `from` is, from its namespace. */
export async function checkHost(of: Host, from: Host, more: MoreOfHost = {}): Promise<readonly FeatureCheck[]> {
  const [nodeId, askerId] = [await idOf(of), await idOf(from)];
  const peers = await from.topic('peers', ({ list }) => list.some(({ id }) => id === nodeId), 5_000, `it knows ${nodeId}`);
  const peer = peers.list.find(({ id }) => id === nodeId);
  const address = peer?.ipv4 ?? peer?.ipv6;
  if (!address) throw new Error(`${nodeId} has an address in the mesh`);
  return checkFeatures({ ...featureDefaults, publicAddresses: [], ...more, nodeId, askerId, address, identity: await identityOf(from) }, from.paths.namespace);
}

async function idOf(host: Host): Promise<string> {
  const { id } = await host.topic('node', (node) => node.id !== null, 5_000, 'its node runs');
  return id ?? '';
}

async function identityOf(host: Host): Promise<FeatureTarget['identity']> {
  const { profile } = await host.session('connected');
  const secrets = profile === null ? null : await createKeyring(createFileSecrets(join(host.paths.home, 'secrets'))).load(profile);
  if (!secrets || secrets.chain.length === 0) return null;
  return { privateKey: Buffer.from(secrets.key).toString('base64'), chain: secrets.chain.map((der) => Buffer.from(der).toString('base64')) };
}

/** One line for each feature; a lie is marked. */
export function featureTable(checks: readonly FeatureCheck[]): readonly string[] {
  const wrong = lies(checks);
  return checks.map((check) => {
    const [said, found] = [check.advertised ? 'offered' : '-', check.answers === null ? '?' : check.answers ? 'answers' : 'silent'];
    return `${check.feature.padEnd(16)} ${said.padEnd(8)} ${found.padEnd(8)} ${wrong.includes(check) ? 'WRONG ' : ''}${check.seen}`;
  });
}
