/** A process for probeFeatures, so that it can run in another network namespace: a FeatureTarget as JSON on standard input, its checks on standard output. */
import { type FeatureTarget, probeFeatures } from './feature-probes.ts';

let input = '';
for await (const chunk of process.stdin) input += String(chunk);
process.stdout.write(JSON.stringify(await probeFeatures(JSON.parse(input) as FeatureTarget)));
