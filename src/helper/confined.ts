/** The first lines of a confined node process, before its own: from here on it starts no program, and nobody looks into its memory. */
import { closeSync, writeSync } from 'node:fs';
import { homedir } from 'node:os';
import { settleConfined } from '../platform/confine-linux.ts';
import { type ConfineReport, reportDescriptor } from '../platform/confine-policy.ts';
import { settleConfined as settleOnWindows } from '../platform/confine-windows.ts';

const tell = (report: ConfineReport): void => void writeSync(reportDescriptor, `${JSON.stringify(report)}\n`);

if (process.platform === 'win32') settleOnWindows(process.env['HOME'] ?? homedir(), tell);
else settleConfined(tell);
closeSync(reportDescriptor);
