import { silentLog } from '../../src/base/log.ts';
import { createHostNode } from '../../src/helper/host-node.ts';
import { createLanes, type Lane } from '../../src/helper/lanes.ts';
import { type NodeEnd, type NodeProcess, type NodeProcesses, type TunnelPlace } from '../../src/helper/ports.ts';
import { createClaims } from '../../src/helper/tunnel/claims.ts';
import { openFences } from '../../src/helper/tunnel/fence.ts';
import { createJournal } from '../../src/helper/tunnel/journal.ts';
import { createTunnel } from '../../src/helper/tunnel/tunnel.ts';
import { FakeFenceFile, FakeJournalFile, FakeKeys, FakeMachine, fakeFacts, ManualClock, noNames } from './helper-machine.ts';

/** The networks of a helper, each on a machine of its own in memory, so that a test sees which one was touched. */
export async function lanesWorld() {
  const clock = new ManualClock();
  const keys = new FakeKeys();
  const claims = createClaims();
  const processes = new CountedProcesses();
  const machines = new Map<string, FakeMachine>();
  const journals = new Map<string, FakeJournalFile>();

  function make(place: TunnelPlace): Lane {
    const { tunnelId } = place;
    const machine = machines.get(tunnelId) ?? new FakeMachine();
    const file = journals.get(tunnelId) ?? new FakeJournalFile();
    machines.set(tunnelId, machine);
    journals.set(tunnelId, file);
    const fence = fences.of(place);
    const tunnel = createTunnel({ place, device: machine, facts: fakeFacts, keys, journal: createJournal(file), names: noNames, fence, claims, clock, log: silentLog });
    return { place, tunnel, node: createHostNode({ place, processes, tunnel: tunnel.state, fence, clock, log: silentLog }) };
  }
  const lanes = createLanes(make);
  const fences = await openFences(new FakeFenceFile(), lanes.has);
  const machine = (tunnelId: string): FakeMachine => machines.get(tunnelId) ?? new FakeMachine();
  return { clock, keys, lanes, fences, machine, processes, journal: (tunnelId: string) => journals.get(tunnelId)?.text };
}

/** Node processes in memory: each ends with its input. */
class CountedProcesses implements NodeProcesses {
  readonly started: string[] = [];
  running = 0;

  async start({ uid, tunnelId }: TunnelPlace): Promise<NodeProcess> {
    this.started.push(`${uid}/${tunnelId}`);
    this.running++;
    const end = Promise.withResolvers<NodeEnd>();
    const finish = (): void => {
      this.running--;
      end.resolve({ code: 0, signal: null });
    };
    return { pid: 100 + this.started.length, dataDir: '/data', socketPath: `/run/${tunnelId}`, ended: end.promise, send: () => {}, endInput: finish, kill: () => {} };
  }

  async stopStray(): Promise<void> {}
}
