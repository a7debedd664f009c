import type { FixName, Severity } from '../../contract/health.ts';
import type { HostView, PathsTopic, PeerView, ProfileView, SessionTopic, TrustTopic, WarningCode } from '../../contract/state.ts';
import type { NodeState } from '../../gen/webmesh/helper/v1/helper.ts';
import type { OfferName } from '../paths/missing.ts';
import type { HelperLink } from '../ports.ts';
import type { Trouble } from '../trust/upkeep.ts';

/** What the other parts of the core know. */
export interface HealthFacts {
  readonly session: SessionTopic;
  readonly profile: ProfileView | undefined;
  /** Of this app: numbers with dots, or whatever a build calls itself. */
  readonly version: string;
  readonly link: HelperLink;
  /** False when no address but loopback exists. */
  readonly online: boolean;
  /** Where the network at hand wants a person to sign in; null: nothing is in the way. */
  readonly portal: string | null;
  readonly node: NodeState | undefined;
  readonly peers: readonly PeerView[];
  readonly setAside: readonly string[];
  readonly trust: TrustTopic;
  /** What should renew itself and does not. */
  readonly troubles: readonly Trouble[];
  /** Null while nobody looked. */
  readonly auditIntact: boolean | null;
  readonly paths: PathsTopic;
  /** Offers of this machine that its node does not name. */
  readonly missing: readonly OfferName[];
  readonly disks: HostView['disks'];
}

/** A problem that is there now. `key` tells several of one code apart; the rest stands in the table unless it is said here. */
export interface Finding {
  readonly code: WarningCode;
  readonly key?: string;
  readonly severity?: Severity;
  readonly fix?: FixName | null;
  /** Wall time, where the facts know it better than whoever looks. */
  readonly sinceMs?: number;
  readonly detail: Readonly<Record<string, string | number | boolean>>;
}
