import { noticeKeys, noticeKinds, type NoticeKind } from '../contract/health.ts';
import { problemTitleIn, warningIn } from '../contract/say.ts';
import type { Settings, Warning, WarningCode } from '../contract/state.ts';
import type { SharedWords } from '../contract/words/type.ts';

export interface Notice {
  readonly title: string;
  readonly body: string;
}

/** Which switch silences a problem. Null: it is never worth an interruption; the window and the tray say it. */
export const kindOf: Readonly<Record<WarningCode, NoticeKind | null>> = {
  'offline': 'connection', 'sign-in-needed': 'connection', 'connection-lost': 'connection', 'cannot-connect': 'connection', 'control-plane-lost': 'connection',
  'device-pending': 'devices',
  'certificate-expiring': 'expiry', 'renewal-failing': 'expiry', 'device-expiring': 'expiry',
  'helper-missing': 'service', 'engine-missing': 'service', 'node-down': 'service', 'node-port-in-use': 'service', 'service-down': 'service', 'disk-full': 'service', 'audit-broken': 'service',
  'helper-old': null, 'not-replicating': null, 'peer-unreachable': null, 'udp-blocked': null, 'clear-text': null, 'file-set-aside': null, 'authority-pending': null, 'root-not-exported': null, 'secrets-in-file': null, 'dns-not-set': null,
};

/** While one of these is there, this device is not connected though it should be. */
export const losses: ReadonlySet<WarningCode> = new Set(['offline', 'sign-in-needed', 'connection-lost', 'cannot-connect']);

/** How long a problem must have been shown before somebody is interrupted for it. A connection often comes back by itself. */
export const patienceMs: Readonly<Record<NoticeKind, number>> = { connection: 10_000, devices: 1_000, expiry: 1_000, service: 3_000 };

export function noticeFor(warning: Pick<Warning, 'code' | 'detail' | 'network'>, words: SharedWords): Notice {
  const { what, next } = warningIn(words, warning);
  return { title: noMarkup(words.health.noticeTitle(problemTitleIn(words, warning))), body: noMarkup(`${what} ${next}`) };
}

/**
 * Servers of the Desktop Notifications Specification read a body as markup with links and pictures, others as it stands: so what would begin
 * markup is written with another character, and not escaped.
 */
function noMarkup(text: string): string {
  return text.replaceAll('<', '‹').replaceAll('>', '›');
}

/** The kinds that a person wants to hear of. */
export function wantedKinds(settings: Settings): ReadonlySet<NoticeKind> {
  return new Set(noticeKinds.filter((kind) => settings.notifications && settings[noticeKeys[kind]]));
}
