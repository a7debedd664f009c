import { expect, test } from 'vitest';
import { routesFrom } from './gateways.ts';
import { pcpMap, pmpMap, readPcpMap, readPmpAddress, readPmpMap } from './pcp-messages.ts';

const asked = pcpMap({ local: '192.168.1.10', nonce: Buffer.alloc(12, 7), port: 51_820, suggested: 51_821, lifetimeSeconds: 3_600 });

/** The router's answer: the question with the answer bit, a result, and what was granted. */
function granted(code = 0): Buffer {
  const reply = Buffer.from(asked);
  reply[1] = 0x81;
  reply[3] = code;
  reply.writeUInt16BE(40_000, 42);
  Buffer.from([203, 0, 113, 9]).copy(reply, 56);
  return reply;
}

test('PCP: the question on the wire (RFC 6887, sections 7.1 and 11.1)', () => {
  expect(asked.toString('hex')).toBe(`02010000${'00000e10'}00000000000000000000ffffc0a8010a${'07'.repeat(12)}11000000ca6cca6d00000000000000000000ffff00000000`);
});

test('PCP: what is an answer and what is none', () => {
  const other = granted();
  other[30] = 1;
  const pmpOnly = Buffer.from([0, 0x81, 0, 1, 0, 0, 0, 0]);
  expect([granted(), granted(8), pmpOnly, other, granted().subarray(0, 59), asked, Buffer.alloc(0)].map((reply) => readPcpMap(reply, asked))).toEqual([
    { granted: { port: 40_000, address: '203.0.113.9', lifetimeSeconds: 3_600 } }, { refused: 8 }, { refused: 1 }, null, null, null, null,
  ]);
});

test('NAT-PMP: both answers (RFC 6886, sections 3.2 and 3.3)', () => {
  const request = pmpMap({ port: 51_820, suggested: 51_820, lifetimeSeconds: 7_200 });
  const mapped = Buffer.from('00810000000000ffca6c9c4000001c20', 'hex');
  expect([request.toString('hex'), readPmpMap(mapped, request), readPmpMap(Buffer.from('0081000200000000', 'hex'), request), readPmpMap(mapped.subarray(0, 9), request)])
    .toEqual(['00010000ca6cca6c00001c20', { granted: { port: 40_000, address: null, lifetimeSeconds: 7_200 } }, { refused: 2 }, null]);
  expect([readPmpAddress(Buffer.from('0080000000000001cb007109', 'hex')), readPmpAddress(Buffer.from('00', 'hex'))])
    .toEqual([{ granted: { port: 0, address: '203.0.113.9', lifetimeSeconds: 0 } }, null]);
});

test('default routes of Linux, best first', () => {
  const table = [
    'Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT', 'wlan0\t00000000\tFE02A8C0\t0003\t0\t0\t600\t00000000\t0\t0\t0',
    'eth0\t00000000\t0101A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0', 'eth0\t0001A8C0\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0', 'tun\t00000000\t00000000\t0001\t0\t0\t0\t00000000\t0\t0\t0', 'junk',
  ].join('\n');
  expect([routesFrom(table), routesFrom('')]).toEqual([['192.168.1.1', '192.168.2.254'], []]);
});
