import { describe, expect, test } from 'vitest';
import { missingForVm, runGuest } from './kernel-vm/machine.ts';

const missing = await missingForVm();

describe.skipIf(missing !== null)(`a machine whose kernel has WireGuard${missing === null ? '' : ` (missing: ${missing})`}`, () => {
  test('the helper uses the kernel: tunnel, peers, pings, taken port, kill -9, clear', async () => {
    const started = Date.now();
    const printed = await runGuest();
    const steps = printed.split('\n').filter((line) => line.startsWith('[guest'));
    expect(printed.match(/GUEST-RC=\d/)?.[0], printed.slice(-4_000)).toBe('GUEST-RC=0');
    console.log(`${steps.map((line) => line.trim()).join('\n')}\nvirtual machine: ${((Date.now() - started) / 1000).toFixed(1)} s from start to power off`);
  }, 300_000);
});
