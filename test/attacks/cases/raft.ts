/**
 * The Raft port, where whoever is heard writes the state of all: strangers, members without a vote, voters under another name, certificates
 * that nobody recorded, clear text. Not one answer may come back.
 */
import { connect as connectTcp, type Socket } from 'node:net';
import { type Identity } from '../../../src/base/identity.ts';
import { encodeRequest, type RequestMessage } from '../../../src/node/consensus/codec.ts';
import { raftPort } from '../../node/local-cluster.ts';
import { createMeshKeys, validity } from '../../node/mesh-keys.ts';
import { type Attack, demand, summary } from '../attack.ts';
import { tlsTo } from '../clients/grpc.ts';
import { meshWorld } from '../worlds/mesh.ts';

const waitMs = 3_000;

/** Pre-votes with a low term: whoever answers one heard it, and nothing changes by it. */
const knock = (from: string, to: string): RequestMessage => ({ kind: 'vote', from, to, term: 1, lastIndex: 0, lastTerm: 0, transfer: false, pre: true });

/** What comes back for a request: answered, closed, or silence. */
function ask(socket: Socket, bytes: Uint8Array): Promise<string> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => end('no answer'), waitMs);
    const end = (what: string): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(what);
    };
    socket.on('error', () => {});
    socket.once('data', () => end('answered'));
    socket.once('close', () => end('closed'));
    socket.write(bytes);
  });
}

async function askAs(as: Identity | null, from: string, to = 'host'): Promise<string> {
  const { address } = await meshWorld();
  const socket = await tlsTo(address(to), raftPort, { as, alpn: ['webmesh-raft'] }).catch(() => undefined);
  return socket === undefined ? 'closed' : ask(socket, encodeRequest(knock(from, to), `${address(from)}:${raftPort}`));
}

async function voterWorks(): Promise<void> {
  const { identity } = await meshWorld();
  const seen = await askAs(identity('voter'), 'voter');
  demand(seen === 'answered', `a voter is answered: ${seen}`);
}

export const raft: readonly Attack[] = [
  { name: 'raft-without-certificate', aim: 'Raft port', expected: 'closed', counter: voterWorks, attack: () => askAs(null, 'voter') },
  {
    name: 'raft-in-clear-text', aim: 'Raft port', expected: 'closed', counter: voterWorks,
    attack: async () => {
      const { address } = await meshWorld();
      const all = ['host', 'voter', 'member'].map((to) => ask(connectTcp(raftPort, address(to)), encodeRequest(knock('voter', to), `${address('voter')}:${raftPort}`)));
      return summary(await Promise.all(all));
    },
  },
  {
    name: 'raft-by-other-mesh', aim: 'Raft port', expected: 'closed', counter: voterWorks,
    attack: async () => askAs(await (await createMeshKeys('test')).device('voter'), 'voter'),
  },
  {
    name: 'raft-by-observer', aim: 'Raft port', expected: 'closed', counter: voterWorks,
    attack: async () => {
      const { identity } = await meshWorld();
      return summary(await Promise.all(['member', 'guest'].flatMap((id) => [askAs(identity(id), id), askAs(identity(id), 'voter'), askAs(identity(id), 'host', 'third')])));
    },
  },
  {
    name: 'raft-voter-as-another', aim: 'Raft port', expected: 'closed', counter: voterWorks,
    attack: async () => {
      const { identity } = await meshWorld();
      return summary(await Promise.all([askAs(identity('voter'), 'third'), askAs(identity('voter'), 'host', 'third'), askAs(identity('voter'), 'nobody'), askAs(identity('voter'), '')]));
    },
  },
  {
    name: 'raft-by-stolen-authority', aim: 'Raft port', expected: 'closed', counter: voterWorks,
    attack: async () => {
      const { cluster } = await meshWorld();
      return summary(await Promise.all(['voter', 'third', 'nobody'].map(async (id) => askAs(await cluster.keys.device(id, validity(86_400_000)), id))));
    },
  },
  {
    name: 'raft-with-api-protocol', aim: 'Raft port, mesh API', expected: 'closed', counter: voterWorks,
    attack: async () => {
      const { address, identity } = await meshWorld();
      const cross = await Promise.all([['h2'], ['http/1.1'], []].map(async (alpn) => {
        const socket = await tlsTo(address('host'), raftPort, { as: identity('voter'), alpn }).catch(() => undefined);
        return socket === undefined ? 'closed' : ask(socket, encodeRequest(knock('voter', 'host'), `${address('voter')}:${raftPort}`));
      }));
      return summary(cross);
    },
  },
  {
    name: 'raft-malformed', aim: 'Raft port', expected: 'closed', counter: voterWorks,
    attack: async () => {
      const { address, identity } = await meshWorld();
      const garbage = [Buffer.from([9]), Buffer.from([0, 0xc1]), Buffer.from([0, 0xdf, 0xff, 0xff, 0xff, 0xff]), Buffer.from([0, 0xdb, 0xff, 0xff, 0xff, 0xff]), Buffer.alloc(64, 0x91), Buffer.concat([Buffer.from([0]), Buffer.alloc(1 << 20, 0x90)])];
      return summary(await Promise.all(garbage.map(async (bytes) => ask(await tlsTo(address('host'), raftPort, { as: identity('voter'), alpn: ['webmesh-raft'] }), bytes))));
    },
  },
];
