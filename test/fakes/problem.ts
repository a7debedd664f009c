import type { Warning, WarningCode } from '../../src/contract/state.ts';
import { problems } from '../../src/core/health/problems.ts';

/** A problem as the core would show it, for made-up topics. */
export function problem(code: WarningCode, detail: Warning['detail'] = {}, more: Partial<Warning> = {}): Warning {
  const { severity, connectivity, fix } = problems[code];
  return { id: code, code, severity, connectivity, sinceMs: Date.UTC(2026, 10, 22, 9, 0), fix, detail, ...more };
}
