import { type RaftView } from '../../raft/types.ts';
import { counter, type Family, gauge, noLabels } from './families.ts';

const roles = ['leader', 'candidate', 'pre-candidate', 'follower'] as const;

/** How consensus stands, as this node sees it. `tickMs` is the length of one of its ticks. */
export function raftFigures(view: RaftView, appliedIndex: number, tickMs: number, peersMax: number): readonly Family[] {
  const { servers } = view.configuration;
  const age = view.leaderContactTicks === null ? null : (view.leaderContactTicks * tickMs) / 1000;
  const progress = [...view.progress].slice(0, peersMax);
  return [
    gauge('webmesh_raft_term', 'Present term.', [noLabels, view.term]),
    gauge('webmesh_raft_role', '1 for the role that this node has.', ...roles.map((role) => [{ role }, Number(role === view.role)] as const)),
    gauge('webmesh_raft_last_index', 'Last entry in the log.', [noLabels, view.lastIndex]),
    gauge('webmesh_raft_commit_index', 'Last entry known to be committed.', [noLabels, view.commitIndex]),
    gauge('webmesh_raft_applied_index', "Last entry that is part of this node's state.", [noLabels, appliedIndex]),
    gauge('webmesh_raft_peers', 'Members of the group, this node included.', ...[true, false].map((voter) => [{ suffrage: voter ? 'voter' : 'observer' }, servers.filter((server) => server.voter === voter).length] as const)),
    gauge('webmesh_raft_has_leader', '1 while a leader is known.', [noLabels, Number(view.leader !== null)]),
    gauge('webmesh_raft_leader_contact_age_seconds', 'Since a leader was heard; absent before the first, 0 on the leader.', [noLabels, age]),
    gauge('webmesh_raft_quorum', '1 while a leader hears from a majority of the voters.', [noLabels, view.role === 'leader' ? Number(view.quorumActive) : null]),
    counter('webmesh_raft_violations_total', 'Requests refused because somebody broke the rules of consensus.', [noLabels, view.violations ?? 0]),
    gauge('webmesh_raft_peer_match_index', 'On a leader: the last entry that a member is known to hold.', ...progress.map(([peer, { match }]) => [{ peer }, match] as const)),
  ];
}
