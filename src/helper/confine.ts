/**
 * The launcher of the node process: started as the unprivileged user with the policy as its one argument, it gives every right up that
 * the node process does not need, says what held on the report descriptor, and becomes the node process.
 */
import { writeSync } from 'node:fs';
import { becomeConfined } from '../platform/confine-linux.ts';
import { type ConfinePolicy, type ConfineReport, reportDescriptor } from '../platform/confine-policy.ts';

const policy = JSON.parse(process.argv[2] ?? '') as ConfinePolicy;
const environment = Object.fromEntries(Object.entries(process.env).map(([name, value]) => [name, value ?? '']));
const report = (said: ConfineReport): void => void writeSync(reportDescriptor, `${JSON.stringify(said)}\n`);

try {
  becomeConfined(policy, environment, report);
} catch (error) {
  console.error(JSON.stringify({ level: 'error', scope: 'confine', event: 'not-started', problem: String(error) }));
  process.exit(126);
}
