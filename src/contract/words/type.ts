import type { FailureCode } from '../../base/failure.ts';
import type { PathReasonCode, PathTier } from '../../base/path-reasons.ts';
import type { InstallerFormat } from '../../base/update.ts';
import type { Phrases, Reader, Words } from '../detail.ts';
import type { FixName, NoticeKind, Severity } from '../health.ts';
import type { NatView, PeerPath, WarningCode } from '../state.ts';

/** What every shell says of failures, problems, paths and updates. Each language has all of it, or it does not compile. */
export interface SharedWords {
  readonly phrases: Phrases;
  readonly failures: Readonly<Record<FailureCode, (d: Reader) => Words>>;
  readonly warnings: Readonly<Record<WarningCode, (d: Reader) => Words>>;
  readonly health: HealthWords;
  readonly paths: PathsWords;
  readonly updates: UpdateWords;
}

export interface HealthWords {
  /** A problem in a few words: the head of a line in a list, of a notification, of the tray's line. */
  readonly titles: Readonly<Record<WarningCode, string>>;
  /** What the button says that does it, or leads to where it is done. */
  readonly fixes: Readonly<Record<FixName, string>>;
  /** Said once a command of a fix was accepted and nothing on the screen shows it at once. */
  readonly fixDone: Readonly<Partial<Record<FixName, string>>>;
  readonly severities: Readonly<Record<Severity, string>>;
  /** The switch of each kind of notification. */
  readonly notices: Readonly<Record<NoticeKind, { readonly label: string; readonly hint: string }>>;
  /** Said when a connection that was told lost is there again. */
  readonly backAgain: { readonly title: string; readonly body: string };
  /** The head of a notification. */
  /** The name of a network before the title of its problem. */
  readonly titled: (network: string, title: string) => string;
  readonly noticeTitle: (title: string) => string;
  /** Leads to the list of problems. */
  readonly allProblems: (count: number) => string;
}

/** How a peer is reached: two or three words for a list, and one sentence. */
export interface PathWords {
  readonly word: string;
  readonly what: string;
}

export interface PathsWords {
  readonly self: PathWords;
  readonly down: PathWords;
  readonly silent: PathWords;
  readonly direct: { readonly word: string; readonly what: string; readonly how: Readonly<Record<NonNullable<Extract<PeerPath, { kind: 'direct' }>['how']>, string>> };
  readonly ice: { readonly raw: PathWords; readonly channel: PathWords };
  readonly relay: { readonly word: (node: string) => string; readonly member: string; readonly packets: string; readonly overTcp: string };
  readonly waiting: Readonly<Record<Extract<PeerPath, { kind: 'waiting' }>['reason'], PathWords>>;
  /** What a tier is called in tables and logs that people read. */
  readonly tiers: Readonly<Record<PathTier, string>>;
  /** A tier that has no name. */
  readonly thisWay: string;
  /** How a machine's packets leave its network, and what that means for others that want to reach it. */
  readonly nat: Readonly<Record<NatView['mapping'], PathWords>>;
  readonly why: Readonly<Record<PathReasonCode, (why: Why) => Words>>;
  /** A reason of a newer version. */
  readonly whyUnknown: (way: string) => Words;
  readonly duration: { readonly s: (n: number) => string; readonly min: (n: number) => string; readonly h: (n: number) => string };
}

/** What is known of a reason; a text that is not known is empty. */
export interface Why {
  readonly tier: PathTier | null;
  /** The name of the tier, or `This way`. */
  readonly way: string;
  readonly endpoint: string;
  readonly node: string;
  readonly problem: string;
  readonly silent: string;
  readonly retry: string;
  /** The peer's own reason, told from this side. */
  readonly refusal: Words | null;
}

export interface UpdateWords {
  /** How a person installs what was verified, before the command or the path. The app itself never runs it. */
  readonly install: Readonly<Record<InstallerFormat, string>>;
  readonly neverLooked: (version: string) => Words;
  readonly newest: (version: string) => Words;
  readonly checking: Words;
  readonly available: (version: string) => Words;
  readonly downloading: (version: string) => Words;
  /** What is next is how it is installed. */
  readonly ready: (version: string) => string;
  readonly refused: Words;
}
