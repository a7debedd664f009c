import { type ReadCell } from '../../../base/cell.ts';
import { type IceDescription } from '../../../gen/webmesh/paths/v1/paths_messages.ts';
import { CarrierError, type CarrierAttempt, type CarrierKind, type IceAgents, type LoopbackPorts } from '../../path-ports.ts';
import { type MeasuredServer } from '../ports.ts';
import { splice } from './splice.ts';

export interface IceCarrierPorts {
  readonly ice: IceAgents;
  readonly loopback: LoopbackPorts;
  readonly servers: ReadCell<readonly MeasuredServer[]>;
  /** Bare addresses of this machine's real interfaces, now. */
  readonly hosts: () => readonly string[];
}

/** As long as a STUN server across the world needs, with one repetition. */
const gatherMs = 800;

/** Raw datagrams on a pair of ports of the two node processes, found by ICE. The offering side controls. */
export function iceCarrier({ ice, loopback, servers, hosts }: IceCarrierPorts): CarrierKind {
  return {
    tier: 'ice',
    begin: async (peer, role, theirs, signal): Promise<CarrierAttempt> => {
      if (role === 'answering' && !theirs?.ice) throw new CarrierError('peer-cannot', 'the offer has no ICE description');
      const agent = await ice.open({ controlling: role === 'offering', servers: servers.get().map(({ server }) => server), hosts: hosts(), gatherMs }, signal);
      return {
        mine: { ice: agent.local },
        proceed: async (answer, going) => {
          const remote = answer?.ice ?? theirs?.ice;
          try {
            if (!remote) throw new CarrierError('peer-cannot', 'the answer has no ICE description');
            const { via, remote: at } = await agent.connect(bounded(remote), going);
            return await splice(loopback, agent, { tier: 'ice', via, remote: at, wireguardPort: peer.wireguardPort });
          } catch (error) {
            agent.close();
            throw error;
          }
        },
        cancel: () => agent.close(),
      };
    },
  };
}

/** No longer than any sensible description. */
function bounded({ ufrag, pwd, candidates }: IceDescription): IceDescription {
  return { ufrag: ufrag.slice(0, 257), pwd: pwd.slice(0, 257), candidates: candidates.slice(0, 32).map((line) => line.slice(0, 512)) };
}
