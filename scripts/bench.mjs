// npm run bench: see scripts/bench.ts.
import { handOver } from './lib/bootstrap.mjs';

handOver('bench.ts');
