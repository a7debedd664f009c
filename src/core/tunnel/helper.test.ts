import { expect, test } from 'vitest';
import { toData } from '../../base/failure.ts';
import { NodeState } from '../../gen/webmesh/helper/v1/helper.ts';
import { assertNode, nodeProblem } from './helper.ts';

const problemOf = (problem: string, problemCode: string) => {
  const found = nodeProblem(NodeState.fromPartial({ problem, problemCode }));
  return found && [found.code, found.detail];
};

test.each([
  ['', '', null],
  ['node.port-in-use: port 8443, host 0.0.0.0', 'node.port-in-use', ['node.port-in-use', { problem: '', port: 8443 }]],
  ['node.data-damaged: path /x/raft.db, problem file is not a database', 'node.data-damaged', ['node.data-damaged', { problem: 'file is not a database', path: '/x/raft.db' }]],
  ['node.lost', 'node.lost', ['node.lost', { problem: '' }]],
  ['the node process ended (SIGKILL)', 'node.lost', ['node.lost', { problem: 'the node process ended (SIGKILL)' }]],
  ['anything', 'no.such-code', ['node.start-failed', { problem: 'anything' }]],
])('reads what the node says of itself: %s', (problem, code, expected) => expect(problemOf(problem, code)).toEqual(expected));

test('a node that runs may have a problem; one that does not run fails with it', () => {
  const state = { problem: 'node.disk-full: path /x', problemCode: 'node.disk-full' };
  expect(() => assertNode(NodeState.fromPartial({ ...state, running: true }))).not.toThrow();
  expect(() => assertNode(NodeState.fromPartial(state))).toThrowError('node.disk-full {"problem":"","path":"/x"}');
  expect(toData(nodeProblem(NodeState.fromPartial(state)) ?? { code: 'internal.unexpected', retry: 'never', detail: {} }).retry).toBe('after-user');
});
