import type { NodeTopic, RaftView } from '../../contract/state.ts';
import { t } from '../words/spoken.svelte.ts';
import { ago, span } from './format.ts';

/** What a node can do, in plain words. Names are those of the mesh's own Feature list; an unknown one is shown as it came. */
export function featureWords(feature: string): { readonly name: string; readonly why: string } {
  const known: Readonly<Record<string, { readonly name: string; readonly why: string }>> = t.device.features;
  return (Object.hasOwn(known, feature) ? known[feature] : undefined) ?? { name: feature.toLowerCase().replaceAll('_', ' '), why: t.device.newerFeature };
}

/** Who decides, and how many may fail, without a word of consensus theory. */
export interface QuorumView {
  readonly voters: number;
  readonly needed: number;
  readonly canLose: number;
  readonly sentence: string;
  readonly contact: string;
}

export function quorumView({ running, role, leader }: Pick<NodeTopic, 'running' | 'role' | 'leader'>, raft: RaftView): QuorumView {
  const voters = raft.servers.filter((server) => server.voter).length;
  const needed = Math.floor(voters / 2) + 1;
  const canLose = Math.max(0, voters - needed);
  return { voters, needed, canLose, sentence: quorumSentence(voters, needed, canLose), contact: contactSentence(running, role, leader, raft.leaderContactAgeMs) };
}

function quorumSentence(voters: number, needed: number, canLose: number): string {
  const { managed } = t.device;
  if (voters === 0) return managed.unknown;
  if (voters === 1) return managed.byOne;
  if (canLose === 0) return managed.noneMayBeOff(voters, needed);
  return canLose === 1 ? managed.oneMayBeOff(voters, needed) : managed.someMayBeOff(voters, needed, canLose);
}

function contactSentence(running: boolean, role: NodeTopic['role'], leader: string | null, ageMs: number | null): string {
  const words = t.device.leader;
  if (!running) return words.notRunning;
  if (role === 'leader') return words.here;
  if (leader === null) return ageMs === null ? words.notHeardYet : words.notHeardFor(span(ageMs));
  if (ageMs === null) return words.leads(leader);
  return ageMs < 1000 ? words.heardJustNow(leader, Math.round(ageMs)) : words.heard(leader, ago(0, ageMs));
}

/** How far this device's copy is behind what is agreed. */
export function copySentence({ commitIndex, appliedIndex }: RaftView): string {
  const behind = Math.max(0, commitIndex - appliedIndex);
  return behind === 0 ? t.device.copyComplete : t.device.copyBehind(behind);
}
