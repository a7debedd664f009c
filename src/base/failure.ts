/**
 * Expected trouble as a value. A Failure has a code that shells turn into words, a hint about who acts next,
 * and plain data for the sentence. It crosses every process border unchanged (see toWire and fromWire).
 */
export const failureCodes = [
  // who may do what
  'auth.unauthenticated', 'auth.not-permitted',
  // joining: an admin must accept first; this device was cut off; the invite is no good, too old, used up; another mesh or node answered; clear text where none was asked for
  'auth.pending', 'auth.revoked', 'auth.expired', 'auth.invite-invalid', 'auth.invite-expired', 'auth.invite-used', 'auth.wrong-mesh', 'auth.clear-text', 'auth.too-many-tries',
  // the mesh and its nodes
  'mesh.unreachable', 'mesh.timeout', 'mesh.refused', 'mesh.incompatible', 'mesh.not-leader', 'mesh.no-leader', 'mesh.address-exhausted',
  'mesh.not-found', 'mesh.busy',
  // this machine's network
  'network.offline',
  // the privileged helper
  'helper.unreachable', 'helper.not-trusted', 'helper.lost', 'helper.version', 'helper.stale', 'helper.declined',
  // the tunnel
  'tunnel.engine-missing', 'tunnel.not-permitted', 'tunnel.port-in-use', 'tunnel.conflict', 'tunnel.failed',
  // the node process
  'node.start-failed', 'node.port-in-use', 'node.lost', 'node.data-damaged', 'node.disk-full', 'node.id-taken',
  // what a person gave us
  'input.invalid', 'input.unknown-profile', 'input.unknown-command', 'input.file-damaged', 'input.limit', 'input.invite-damaged', 'input.passphrase',
  // a newer version of this app: nowhere to ask; nobody answers; signatures, age, order, shape, size, content; our own record of what was believed
  'update.off', 'update.unreachable', 'update.bad-signature', 'update.expired', 'update.older', 'update.damaged', 'update.too-large', 'update.wrong-hash', 'update.record-damaged',
  // this app
  'app.already-running', 'app.not-running', 'app.busy',
  'internal.unexpected', 'internal.storage', 'internal.secrets',
] as const;

export type FailureCode = (typeof failureCodes)[number];

/** later: try again by yourself; after-user: a person must act first; never: asking again cannot help. */
export type Retry = 'later' | 'after-user' | 'never';
export type Detail = Readonly<Record<string, string | number | boolean>>;

export interface FailureData {
  readonly code: FailureCode;
  readonly retry: Retry;
  readonly detail: Detail;
}

const retryOf: Partial<Record<FailureCode, Retry>> = {
  'mesh.unreachable': 'later', 'mesh.timeout': 'later', 'mesh.not-leader': 'later', 'mesh.no-leader': 'later', 'mesh.busy': 'later',
  'network.offline': 'later', 'auth.pending': 'later', 'auth.too-many-tries': 'later', 'helper.unreachable': 'later', 'helper.lost': 'later', 'helper.stale': 'later',
  'node.lost': 'later', 'tunnel.failed': 'later', 'node.start-failed': 'later', 'internal.unexpected': 'later', 'update.unreachable': 'later',
  'mesh.incompatible': 'never', 'input.unknown-command': 'never',
};

export class Failure extends Error implements FailureData {
  override name = 'Failure';
  readonly code: FailureCode;
  readonly retry: Retry;
  readonly detail: Detail;
  constructor(data: FailureData, cause?: unknown) {
    super(`${data.code} ${JSON.stringify(data.detail)}`, cause === undefined ? undefined : { cause });
    this.code = data.code;
    this.retry = data.retry;
    this.detail = data.detail;
  }
}

/** Makes a Failure. The retry hint follows from the code; 'after-user' where the table is silent. */
export function failure(code: FailureCode, detail: Detail = {}, cause?: unknown): Failure {
  return new Failure({ code, retry: retryOf[code] ?? 'after-user', detail }, cause);
}

export function isFailure(error: unknown): error is Failure {
  return error instanceof Failure;
}

/** Any thrown value as a Failure: a Failure stays itself, everything else becomes internal.unexpected with its message. */
export function asFailure(error: unknown): Failure {
  if (isFailure(error)) return error;
  return failure('internal.unexpected', { message: error instanceof Error ? error.message : String(error) }, error);
}

/** The plain data of a failure, safe to send to another process. */
export function toData({ code, retry, detail }: FailureData): FailureData {
  return { code, retry, detail };
}

/** Reads failure data that came from another process. Unknown shapes become internal.unexpected. */
export function fromData(value: unknown): Failure {
  if (typeof value === 'object' && value !== null && 'code' in value && 'retry' in value) {
    const { code, retry } = value;
    const known = failureCodes.find((c) => c === code);
    const hint = (['later', 'after-user', 'never'] as const).find((r) => r === retry);
    if (known && hint) return new Failure({ code: known, retry: hint, detail: detailFrom('detail' in value ? value.detail : {}) });
  }
  return failure('internal.unexpected', { message: 'a failure of unknown shape arrived' });
}

function detailFrom(value: unknown): Detail {
  if (typeof value !== 'object' || value === null) return {};
  const entries = Object.entries(value).slice(0, detailKeysMax);
  return Object.fromEntries(entries.filter(([, v]) => ['string', 'number', 'boolean'].includes(typeof v)));
}

const detailKeysMax = 20;
