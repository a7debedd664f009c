// npm test: see scripts/test.ts.
import { handOver } from './lib/bootstrap.mjs';

handOver('test.ts');
