import type { NodeTopic, RaftView } from '../../contract/state.ts';
import { plural, span } from './format.ts';

/** What a node can do, in plain words. Names are those of the mesh's own Feature list; an unknown one is shown as it came. */
export function featureWords(feature: string): { readonly name: string; readonly why: string } {
  return features[feature] ?? { name: feature.toLowerCase().replaceAll('_', ' '), why: 'A newer node offers this.' };
}

const features: Readonly<Record<string, { readonly name: string; readonly why: string }>> = {
  NODES: { name: 'Takes part', why: 'Joins, leaves and tells how it is.' },
  LEADER_PROXY: { name: 'Passes to the leader', why: 'Any node can be asked; it hands changes to the leader.' },
  MESH_API: { name: 'Network directory', why: 'Answers who is in the network.' },
  PEER_DISCOVERY: { name: 'Peer discovery', why: 'Tells others which nodes to ask.' },
  METRICS: { name: 'Metrics', why: 'Tells members how this machine is doing.' },
  ICE_NEGOTIATION: { name: 'Finds paths', why: 'Helps two peers behind routers meet.' },
  TURN_SERVER: { name: 'Relay', why: 'Carries packets for peers that cannot meet.' },
  MESH_DNS: { name: 'Names', why: 'Answers names of devices in the network.' },
};

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
  if (voters === 0) return 'It is not known which devices manage this network.';
  if (voters === 1) return 'One device manages this network. While it is off, nothing can be changed; devices keep reaching each other.';
  const lose = canLose === 0 ? 'none of them may be off' : canLose === 1 ? 'one may be off' : `${canLose} may be off`;
  return `${voters} devices manage this network together. Changes need ${needed} of them, so ${lose}. Devices keep reaching each other in any case.`;
}

function contactSentence(running: boolean, role: NodeTopic['role'], leader: string | null, ageMs: number | null): string {
  if (!running) return 'The node is not running.';
  if (role === 'leader') return 'This device leads.';
  if (leader === null) return ageMs === null ? 'No leader has been heard yet.' : `No leader has been heard for ${span(ageMs)}.`;
  if (ageMs === null) return `${leader} leads.`;
  return `${leader} leads, heard ${ageMs < 1000 ? `${Math.round(ageMs)} ms` : span(ageMs)} ago.`;
}

/** How far this device's copy is behind what is agreed. */
export function copySentence({ commitIndex, appliedIndex }: RaftView): string {
  const behind = Math.max(0, commitIndex - appliedIndex);
  return behind === 0 ? 'This copy of the network is complete.' : `This copy is ${plural(behind, 'change')} behind.`;
}
