// npm start: see scripts/start.ts.
import { handOver } from './lib/bootstrap.mjs';

handOver('start.ts');
