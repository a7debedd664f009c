import { expect, test } from 'vitest';
import { type CallerRules, type Peer, callerOf } from './callers.ts';

const installed: CallerRules = { owner: undefined, group: 990, members: () => [1002, 991], nodeUid: 991, nodePids: () => [4241, 4242] };
const development: CallerRules = { owner: 1000, group: undefined, members: () => [1001], nodeUid: 1000, nodePids: () => [4241, 4242] };
const peer = (change: Partial<Peer>): Peer => ({ uid: 1000, gid: 1000, pid: 7, groups: [], ...change });

test.each<[string, CallerRules, Peer | undefined, string]>([
  ['nobody whom the kernel names', installed, undefined, 'refused'],
  ['root', installed, peer({ uid: 0, gid: 0 }), 'privileged 0'],
  ['a member of the group', installed, peer({ groups: [4, 990] }), 'caller 1000'],
  ['a member whose own group it is', installed, peer({ gid: 990 }), 'caller 1000'],
  ['a member since this login began', installed, peer({ uid: 1002, groups: [4] }), 'caller 1002'],
  ['a user outside of the group', installed, peer({ groups: [4] }), 'refused'],
  ['the node\'s user, member or not', installed, peer({ uid: 991, gid: 990, groups: [990] }), 'refused'],
  ['the owner', development, peer({}), 'privileged 1000'],
  ['the node\'s user, were it listed', installed, peer({ uid: 991 }), 'refused'],
  ['another user where there is no group', development, peer({ uid: 1001, gid: 1001 }), 'refused'],
  ['the node process, although it runs as the owner', development, peer({ pid: 4242 }), 'refused'],
  ['another of the node processes', development, peer({ pid: 4241 }), 'refused'],
  ['the node process as root', installed, peer({ uid: 0, pid: 4242 }), 'refused'],
])('%s', (_who, rules, who, expected) => {
  const caller = callerOf(who, rules);
  expect(caller === undefined ? 'refused' : `${caller.privileged ? 'privileged' : 'caller'} ${caller.uid}`).toBe(expected);
});
