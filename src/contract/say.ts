import { unreachable } from '../base/assert.ts';
import type { FailureData } from '../base/failure.ts';
import { pathReasonCodes, type PathTier } from '../base/path-reasons.ts';
import { readDetail, type Words } from './detail.ts';
import { plainDetail, plainText } from './plain-text.ts';
import type { PathReasonView, PeerPath, Warning } from './state.ts';
import type { UpdateTopic } from './update.ts';
import type { PathsWords, PathWords, SharedWords } from './words/type.ts';

/** Failures, problems, paths and updates in the words of any language. */

/** The two sentences of a failure. */
export function sentenceIn(words: SharedWords, failure: Pick<FailureData, 'code' | 'detail'>): Words {
  return words.failures[failure.code](readDetail(failure.detail, words.phrases));
}

/** The two sentences of a warning. */
export function warningIn(words: SharedWords, warning: Pick<Warning, 'code' | 'detail'>): Words {
  return words.warnings[warning.code](readDetail(warning.detail, words.phrases));
}

/** The title of a problem, with the name of its network where several could be meant. */
export function problemTitleIn({ health }: SharedWords, { code, network }: Pick<Warning, 'code' | 'network'>): string {
  return network && !network.alone ? health.titled(plainText(network.name), health.titles[code]) : health.titles[code];
}

/** How a peer is reached. */
export function pathIn({ paths }: SharedWords, path: PeerPath): PathWords {
  switch (path.kind) {
    case 'self': return paths.self;
    case 'direct': return { word: paths.direct.word, what: path.how === undefined ? paths.direct.what : paths.direct.how[path.how] };
    case 'ice': return path.how === 'raw' ? paths.ice.raw : paths.ice.channel;
    case 'relay': return { word: paths.relay.word(plainDetail(path.node) || paths.relay.member), what: path.how === 'stream' ? paths.relay.overTcp : paths.relay.packets };
    case 'waiting': return paths.waiting[path.reason];
    case 'silent': return paths.silent;
    case 'down': return paths.down;
    default: return unreachable(path);
  }
}

/** Why a path is not better, and what would fix it. A detail that is missing, or a code of a newer version, leaves sentences that still read. */
export function whyIn(words: SharedWords, { code, tier, detail }: PathReasonView): Words {
  const { paths } = words;
  const way = wayName(paths, tier);
  if (!Object.hasOwn(paths.why, code)) return paths.whyUnknown(way);
  return paths.why[code]({
    tier, way, endpoint: plainDetail(detail['endpoint']), node: plainDetail(detail['node']), problem: plainDetail(detail['problem']).replace(/[.\s]+$/, ''),
    silent: duration(paths, detail['silentMs']), retry: duration(paths, detail['retryInMs']), refusal: code === 'refused-there' ? refusal(words, detail['code'], tier) : null,
  });
}

/** The peer's own reason, seen from this side. */
function refusal(words: SharedWords, said = '', tier: PathTier | null): Words | null {
  const mirrored = said.replace(/-(here|there)$/, (end) => (end === '-here' ? '-there' : '-here'));
  const code = pathReasonCodes.find((known) => known === mirrored && known !== 'refused-there');
  return code === undefined ? null : whyIn(words, { code, tier, detail: {} });
}

/** Of a newer version there may be tiers without a name. */
function wayName({ tiers, thisWay }: PathsWords, tier: PathTier | null): string {
  return tier === null ? thisWay : (tiers[tier] ?? thisWay);
}

/** Milliseconds as text, to one unit; empty for anything else. */
function duration({ duration: units }: PathsWords, text: string | undefined): string {
  const ms = Number(text);
  if (text === undefined || !Number.isFinite(ms) || ms < 0) return '';
  const seconds = Math.max(1, Math.round(ms / 1000));
  return seconds < 90 ? units.s(seconds) : seconds < 5400 ? units.min(Math.round(seconds / 60)) : units.h(Math.round(seconds / 3600));
}

/** The state of updates in two sentences. */
export function updateIn(words: SharedWords, topic: UpdateTopic): Words {
  const { updates } = words;
  switch (topic.phase) {
    case 'off': return sentenceIn(words, { code: 'update.off', detail: {} });
    case 'idle': return topic.checkedAtMs === null ? updates.neverLooked(topic.current) : updates.newest(topic.current);
    case 'checking': return updates.checking;
    case 'available': return updates.available(topic.release.version);
    case 'downloading': return updates.downloading(topic.release.version);
    case 'ready': return { what: updates.ready(topic.release.version), next: updates.install[topic.release.format] };
    case 'refused': return updates.refused;
    default: return unreachable(topic);
  }
}
