import type { AuditEventView } from '../../contract/state.ts';
import { t } from '../words/spoken.svelte.ts';
import { plainText } from './format.ts';

/** What was done, as a person says it. An action of a newer version is shown as it came. */
export function actionWord(action: string): string {
  return (t.audit.actions as Readonly<Record<string, string>>)[action] ?? plainText(action).replaceAll(/[._-]+/g, ' ');
}

/** The details in one line: `role member, uses 1`. */
export function detailWords(detail: AuditEventView['detail']): string {
  return Object.entries(detail).map(([name, value]) => `${plainText(name)} ${short(plainText(String(value)))}`).join(', ');
}

/** Digests are told apart by their beginning. */
function short(value: string): string {
  return /^[0-9a-f:]{40,}$/i.test(value) ? `${value.slice(0, 8)}…` : value.slice(0, 120);
}
