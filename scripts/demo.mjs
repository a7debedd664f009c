// npm run demo: see scripts/demo.ts.
import { handOver } from './lib/bootstrap.mjs';

handOver('demo.ts');
