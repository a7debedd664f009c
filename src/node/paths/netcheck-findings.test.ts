import { expect, test } from 'vitest';
import { Mapping } from '../../gen/webmesh/paths/v1/paths_messages.ts';
import { type Checked, findings } from './netcheck-findings.ts';

const turn = { nodeId: 'hub', kind: 'turn-udp', address: '203.0.113.1:3478', latencyMs: 5, problem: '' };
const good: Checked = {
  nat: { mapping: Mapping.MAPPING_EASY, publicIpv4: '203.0.113.9', publicIpv6: '', tunnelEndpoints: ['203.0.113.9:51820'], portMapping: '' },
  ipv4: true, ipv6: false, udp: true, hairpin: true, hairpinKnown: true, online: true, servers: [turn], portMapping: {},
};
const nat = (mapping: Mapping, more = {}): Checked => ({ ...good, nat: { ...good.nat, mapping, ...more } as Checked['nat'] });
const codes = (checked: Checked): string => findings(checked).map(({ code }) => code).join(' ');

test('each thing that stands in the way, and best where nothing does', () => {
  expect([
    good, nat(Mapping.MAPPING_HARD), nat(Mapping.MAPPING_HARD, { portMapping: 'pcp' }), { ...good, hairpin: false }, { ...good, hairpin: false, hairpinKnown: false },
    nat(Mapping.MAPPING_EASY, { tunnelEndpoints: [] }), nat(Mapping.MAPPING_OPEN, { tunnelEndpoints: [] }), { ...good, udp: false }, { ...good, servers: [] }, { ...good, online: false, udp: false, servers: [] },
  ].map(codes)).toEqual(['best', 'hard-nat-here', 'best', 'no-hairpin', 'best', 'not-observed', 'best', 'udp-blocked-here', 'no-relay', 'offline']);
});
