import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { Cluster, entryBrief, Member, observer, text, voter } from '../../fakes/raft-cluster.ts';
import { type Change, type Server } from '../../../src/raft/types.ts';

/**
 * Stories as text: a command on a line of its own, what happened indented below it. `RAFT_SCENARIOS=rewrite` writes down what happens
 * now; the diff is then for a person to judge. Heartbeats are left out of the stories, for they say nothing new.
 */
const folder = new URL('./', import.meta.url);
const files = readdirSync(folder).filter((name) => name.endsWith('.txt'));

test.each(files)('%s', (name) => {
  const told = readFileSync(new URL(name, folder), 'utf8');
  const happens = retell(told);
  if (process.env['RAFT_SCENARIOS'] === 'rewrite') writeFileSync(new URL(name, folder), happens);
  else expect(happens).toBe(told);
});

/** The same text with what happens now below each command. */
function retell(story: string): string {
  const lines = story.split('\n').filter((line) => !line.startsWith('  '));
  let cluster = new Cluster([]);
  const out: string[] = [];
  for (const line of lines) {
    out.push(line);
    const [word = '', ...rest] = line.split(' ');
    if (word === '' || word === '#') continue;
    if (word === 'cluster') cluster = new Cluster(rest.map(server), { electionTicks: 10, heartbeatTicks: 2 });
    else out.push(...act(cluster, word, rest).map((one) => `  ${one}`));
  }
  return out.join('\n');
}

/** `c°` is an observer. */
const server = (name: string): Server => (name.endsWith('°') ? observer(name.slice(0, -1)) : voter(name));

function act(cluster: Cluster, word: string, rest: readonly string[]): string[] {
  cluster.trace.length = 0;
  const said = command(cluster, word, rest);
  return [...said, ...cluster.trace.filter((line) => !/ (heartbeat|heard) /.test(line))];
}

function command(cluster: Cluster, word: string, rest: readonly string[]): string[] {
  const [id = '', argument = '', more = ''] = rest;
  switch (word) {
    case 'campaign':
      cluster.campaign(id);
      return [];
    case 'propose': {
      const result = cluster.get(id).raft.propose(text(argument), null);
      cluster.settle();
      return result.ok ? [] : [`refused: ${result.reason}`];
    }
    case 'change': {
      const result = cluster.get(id).raft.change(changeOf(argument, more), null);
      cluster.settle();
      return result.ok ? [] : [`refused: ${result.reason}`];
    }
    case 'transfer': {
      const started = cluster.get(id).raft.transfer(argument === '' ? null : argument);
      cluster.settle();
      return started ? [] : ['refused'];
    }
    case 'read':
      cluster.get(id).raft.read(Number(argument));
      cluster.settle();
      return cluster.get(id).reads.splice(0).map((one) => `read ${one.id} at ${one.index}`);
    case 'cut':
      for (const one of rest) cluster.cut.add(one);
      return [];
    case 'heal':
      cluster.cut.clear();
      return [];
    case 'tick':
      cluster.tick(Number(id));
      return [];
    case 'compact':
      cluster.get(id).compact(Number(argument));
      return [];
    case 'restart':
      cluster.get(id).restart();
      return [];
    case 'empty':
      cluster.members.set(id, new Member(id));
      return [];
    case 'state':
      return [...cluster.members.values()].map(describe);
    default:
      throw new Error(`no command "${word}"`);
  }
}

function changeOf(kind: string, id: string): Change {
  switch (kind) {
    case 'add-observer':
    case 'readdress':
      return { kind, id, address: `${id}:2` };
    case 'promote':
    case 'demote':
    case 'remove':
      return { kind, id };
    default:
      throw new Error(`no change "${kind}"`);
  }
}

function describe(member: Member): string {
  const view = member.raft.view();
  const servers = view.configuration.servers.map((one) => `${one.id}${one.voter ? '' : '°'}`).join('');
  const log = member.disk.entries.map(entryBrief).join(' ');
  const snapshot = member.disk.snapshot ? ` snapshot ${member.disk.snapshot.index}/${member.disk.snapshot.term}` : '';
  return `${member.id} ${view.role} t${view.term} of ${view.leader ?? '?'} in {${servers}}${view.configurationCommitted ? '' : ' open'} commit ${view.commitIndex}${snapshot} log ${log}`;
}
