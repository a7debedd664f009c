// npm run natgrid: see scripts/natgrid.ts.
import { handOver } from './lib/bootstrap.mjs';

handOver('natgrid.ts');
