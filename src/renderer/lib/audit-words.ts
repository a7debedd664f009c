import type { AuditEventView } from '../../contract/state.ts';
import { plainText } from './format.ts';

/** What was done, as a person says it. An action of a newer version is shown as it came. */
export function actionWord(action: string): string {
  return actions[action] ?? plainText(action).replaceAll(/[._-]+/g, ' ');
}

const actions: Readonly<Record<string, string>> = {
  'mesh.found': 'founded the network',
  'invite.create': 'made an invite', 'invite.revoke': 'took an invite back',
  'device.enroll': 'was let in', 'device.request': 'asked to be let in', 'device.approve': 'accepted a device', 'device.revoke': 'cut a device off', 'device.role': 'changed a role',
  'device.renew': 'renewed its certificate', 'node.join': 'connected', 'node.leave': 'left', 'authority.request': 'asked to sign for new devices', 'authority.grant': 'let a device sign for new devices',
  'acl.put': 'changed a rule', 'acl.delete': 'removed a rule',
};

/** The details in one line: `role member, uses 1`. */
export function detailWords(detail: AuditEventView['detail']): string {
  return Object.entries(detail).map(([name, value]) => `${plainText(name)} ${short(plainText(String(value)))}`).join(', ');
}

/** Digests are told apart by their beginning. */
function short(value: string): string {
  return /^[0-9a-f:]{40,}$/i.test(value) ? `${value.slice(0, 8)}…` : value.slice(0, 120);
}
