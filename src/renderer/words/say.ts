import type { InstallerFormat } from '../../base/update.ts';
import { fixDone as doneWords, fixLabels, noticeWords as words, problemTitles, severityWords } from '../../contract/health-words.ts';
import type { FixName, NoticeKind, Severity } from '../../contract/health.ts';
import type { NatView, PathTier, WarningCode } from '../../contract/state.ts';
import { installWords as install, updateWords as update } from '../../contract/update-words.ts';
import type { UpdateTopic } from '../../contract/update.ts';
import * as contract from '../../contract/words.ts';

/** What the contract says of failures, problems, paths and updates, in the language of the page. */
export const sentence = (failure: Parameters<typeof contract.sentence>[0]): contract.Words => contract.sentence(failure);
export const warningSentence = (warning: Parameters<typeof contract.warningSentence>[0]): contract.Words => contract.warningSentence(warning);
export const pathWords = (path: Parameters<typeof contract.pathWords>[0]): contract.PathWords => contract.pathWords(path);
export const whyWords = (reason: Parameters<typeof contract.whyWords>[0]): contract.Words => contract.whyWords(reason);
export const natWords = (mapping: NatView['mapping']): contract.PathWords => contract.natWords[mapping];
export const tierWord = (tier: PathTier): string => contract.tierWords[tier];
export const problemTitle = (code: WarningCode): string => problemTitles[code];
export const fixLabel = (fix: FixName): string => fixLabels[fix];
export const fixDone = (fix: FixName): string | undefined => doneWords[fix];
export const severityWord = (severity: Severity): string => severityWords[severity];
export const noticeWords = (kind: NoticeKind): { readonly label: string; readonly hint: string } => words[kind];
export const updateWords = (topic: UpdateTopic): contract.Words => update(topic);
export const installWords = (format: InstallerFormat): string => install(format);
