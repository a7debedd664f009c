/** How bad a problem is; the later, the worse. */
export const severities = ['info', 'warning', 'error'] as const;
export type Severity = (typeof severities)[number];

/**
 * What can be done about a problem, by name: each shell knows how. What it is done to stands in the problem's detail (`look-again`: `peer`).
 * `start-helper`, `try-again`, `renew-now`, `look-again` and `other-port` are commands; `sign-in` opens a page (`link`) in the person's browser; the others lead to the place where a person decides.
 */
export const fixNames = ['start-helper', 'try-again', 'renew-now', 'look-again', 'check-network', 'see-peers', 'open-people', 'save-root-key', 'open-audit', 'open-offers', 'open-networks', 'new-invite', 'sign-in', 'other-port'] as const;
export type FixName = (typeof fixNames)[number];

/** What a person is told of while no window is in front; each kind has its own switch. */
export const noticeKinds = ['connection', 'devices', 'expiry', 'service'] as const;
export type NoticeKind = (typeof noticeKinds)[number];
/** The setting that is each kind's switch. */
export const noticeKeys = { connection: 'notifyConnection', devices: 'notifyDevices', expiry: 'notifyExpiry', service: 'notifyService' } as const satisfies Readonly<Record<NoticeKind, string>>;

export function isWorse(a: Severity, b: Severity): boolean {
  return severities.indexOf(a) > severities.indexOf(b);
}

/** The most severe of the problems, the first among equals; undefined when there is none. */
export function worstOf<T extends { readonly severity: Severity }>(problems: readonly T[]): T | undefined {
  return problems.reduce<T | undefined>((worst, next) => (worst === undefined || isWorse(next.severity, worst.severity) ? next : worst), undefined);
}
