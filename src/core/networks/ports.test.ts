import { expect, test } from 'vitest';
import { givingWay } from './ports.ts';

const member = { kind: 'member' as const, asVoter: false, grpcPort: 8443, raftPort: 9443, wireguardPort: 51_820 };
const host = { ...member, kind: 'host' as const };
const apart = { grpcPort: 8444, raftPort: 9444, wireguardPort: 51_821 };

test.each([
  ['members do not meet over TCP: each listens on its mesh address', member, [member], ['wireguardPort']],
  ['a host listens everywhere', member, [host], ['grpcPort', 'raftPort', 'wireguardPort']],
  ['so does a voter', member, [{ ...member, asVoter: true }], ['grpcPort', 'raftPort', 'wireguardPort']],
  ['where a host listens is written in invites', host, [member], ['wireguardPort']],
  ["another kind of port counts as well, when it is somebody's", { ...member, ...apart }, [{ ...host, raftPort: 8444 }], []],
  ['a usual port that another one has for something else', member, [{ ...host, ...apart, raftPort: 8443 }], ['grpcPort']],
  ['nobody beside it', member, [], []],
  ['others are elsewhere', member, [{ ...host, ...apart }], []],
  ['what a person chose stays, the rest gives way', { ...member, chosenPorts: ['wireguardPort' as const] }, [host], ['grpcPort', 'raftPort']],
  ['nothing was chosen, though the port is not the usual one', { ...member, wireguardPort: 51_999, chosenPorts: [] }, [{ ...member, wireguardPort: 51_999 }], ['wireguardPort']],
  ['of an older version: a port that is not the usual one was chosen', { ...member, wireguardPort: 51_999 }, [{ ...member, wireguardPort: 51_999 }], []],
])('%s', (_what, own, beside, expected) => {
  expect(givingWay(own, beside)).toEqual(expected);
});
