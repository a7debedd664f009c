// npm run soak: see scripts/soak.ts.
import { handOver } from './lib/bootstrap.mjs';

handOver('soak.ts');
