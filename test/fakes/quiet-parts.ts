import { cell } from '../../src/base/cell.ts';
import { CarrierError } from '../../src/node/path-ports.ts';
import { type PartPorts } from '../../src/node/node-parts.ts';

/** The world of a node's parts where nothing can be opened and nobody answers: for tests that are about something else. */
export function quietParts(): PartPorts {
  const none = (): Promise<never> => Promise.reject(new CarrierError('carrier-failed', 'this test has no such thing'));
  return {
    turnServers: { start: none },
    turnClients: { allocate: none },
    ice: { open: none },
    loopback: { open: none },
    stun: { ask: async () => [], hairpin: async () => null },
    openEcho: () => ({ listen: async () => {}, ping: async () => null, close: () => {} }),
    openMapper: () => ({ mapped: cell(null), answers: cell({ pcp: '', 'nat-pmp': '', upnp: '' }), want: () => {}, close: async () => {} }),
    dnsSockets: { listenTcp: async () => refused, bindUdp: async () => refused },
    metricsHttps: { create: () => ({ listen: async (address) => address.port, unlisten: () => {}, close: async () => {} }) },
    openProcessMeter: () => ({ sample: () => { throw new Error('this test has no meter'); }, close: () => {} }),
    peerConnections: { create: () => { throw new CarrierError('carrier-failed', 'this test has no peer connections'); } },
    forwardSockets: { listenTcp: none, connectTcp: none, openUdp: none },
  };
}

const refused = { ok: false, problem: 'other', message: 'this test has no such socket' } as const;
