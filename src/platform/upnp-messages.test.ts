import { expect, test } from 'vitest';
import { fieldIn, locationIn, serviceIn, soapCall } from './upnp-messages.ts';

const gateway = '192.168.1.1';
const location = new URL('http://192.168.1.1:5000/rootDesc.xml');
const service = (type: string, control: string): string => `<service><serviceType>${type}</serviceType><controlURL>${control}</controlURL></service>`;
const wanIp = 'urn:schemas-upnp-org:service:WANIPConnection:1';

test('the description must be on the router that answered', () => {
  const answer = (where: string): string => `HTTP/1.1 200 OK\r\nST: x\r\nLOCATION: ${where}\r\n\r\n`;
  const refused = ['http://192.168.1.2/x', 'https://192.168.1.1/x', 'http://192.168.1.1.evil.example/', 'http://user@192.168.1.1/', 'file:///etc/passwd', 'x'].map((where) => locationIn(answer(where), gateway));
  expect([locationIn(answer('http://192.168.1.1:5000/rootDesc.xml'), gateway)?.href, locationIn('NOTIFY * HTTP/1.1\r\nLOCATION: http://192.168.1.1/', gateway)]).toEqual(['http://192.168.1.1:5000/rootDesc.xml', undefined]);
  expect(refused).toEqual(refused.map(() => undefined));
});

test('the service that maps ports, and on no other machine', () => {
  const found = [
    service('urn:schemas-upnp-org:service:Layer3Forwarding:1', '/l3') + service(wanIp, '/ctl/IPConn?a=1&amp;b=2'), service(wanIp, 'http://192.168.1.1:80/ctl'),
    service(wanIp, 'http://10.0.0.1/ctl'), service(wanIp, '//evil.example/ctl'), '<service>', '',
  ].map((text) => serviceIn(text, location));
  expect(found).toEqual([{ type: wanIp, path: '/ctl/IPConn?a=1&b=2', port: 5000 }, { type: wanIp, path: '/ctl', port: 80 }, undefined, undefined, undefined, undefined]);
});

test('a call and what is read of its answer', () => {
  const { body, headers } = soapCall({ type: wanIp, path: '/', port: 80 }, 'GetExternalIPAddress', { A: 1 });
  expect([body.includes(`<u:GetExternalIPAddress xmlns:u="${wanIp}"><A>1</A></u:GetExternalIPAddress>`), headers['soapaction']]).toEqual([true, `"${wanIp}#GetExternalIPAddress"`]);
  expect([fieldIn('<errorCode> 718 </errorCode>', 'errorCode'), fieldIn('<errorCode>', 'errorCode')]).toEqual(['718', undefined]);
});

test('hostile descriptions cost no time', () => {
  const startedMs = performance.now();
  for (const text of ['<service>'.repeat(25_000), `<service>${' '.repeat(200_000)}`, '<controlURL>'.repeat(20_000)]) serviceIn(text, location);
  expect(performance.now() - startedMs).toBeLessThan(2_000);
});
