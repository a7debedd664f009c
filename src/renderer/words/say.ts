import type { FailureData } from '../../base/failure.ts';
import { reasonIn, type Words } from '../../contract/detail.ts';
import type { FixName, NoticeKind, Severity } from '../../contract/health.ts';
import { pathIn, problemTitleIn, sentenceIn, updateIn, warningIn, whyIn } from '../../contract/say.ts';
import type { NatView, PathReasonView, PathTier, PeerPath, Warning } from '../../contract/state.ts';
import type { UpdateTopic } from '../../contract/update.ts';
import type { PathWords } from '../../contract/words/type.ts';
import { t } from './spoken.svelte.ts';

/** What every shell says of failures, problems, paths and updates, in the language of the page. */
export type { PathWords, Words };

export const sentence = (failure: Pick<FailureData, 'code' | 'detail'>): Words => sentenceIn(t.shared, failure);
export const warningSentence = (warning: Pick<Warning, 'code' | 'detail'>): Words => warningIn(t.shared, warning);
export const pathWords = (path: PeerPath): PathWords => pathIn(t.shared, path);
/** An explanation that a part of the app sent along. */
export const reasonWords = (text: string): string => reasonIn(t.shared.phrases, text);
export const whyWords = (reason: PathReasonView): Words => whyIn(t.shared, reason);
export const natWords = (mapping: NatView['mapping']): PathWords => t.shared.paths.nat[mapping];
export const tierWord = (tier: PathTier): string => t.shared.paths.tiers[tier];
/** With the name of its network, where several could be meant. */
export const problemTitleOf = (warning: Pick<Warning, 'code' | 'network'>): string => problemTitleIn(t.shared, warning);
export const fixLabel = (fix: FixName): string => t.shared.health.fixes[fix];
export const fixDone = (fix: FixName): string | undefined => t.shared.health.fixDone[fix];
export const severityWord = (severity: Severity): string => t.shared.health.severities[severity];
export const noticeWords = (kind: NoticeKind): { readonly label: string; readonly hint: string } => t.shared.health.notices[kind];
export const updateWords = (topic: UpdateTopic): Words => updateIn(t.shared, topic);
