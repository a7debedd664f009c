/** The first lines of a confined node process, before its own: from here on it starts no program, and nobody looks into its memory. */
import { closeSync, writeSync } from 'node:fs';
import { settleConfined } from '../platform/confine-linux.ts';
import { reportDescriptor } from '../platform/confine-policy.ts';

settleConfined((report) => void writeSync(reportDescriptor, `${JSON.stringify(report)}\n`));
closeSync(reportDescriptor);
