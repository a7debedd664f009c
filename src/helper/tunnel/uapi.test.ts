import { expect, test } from 'vitest';
import { errnoOf, identityRequest, parseDump, parseGet, peersConfig, peersRequest } from './uapi.ts';

const key = 'qRCwZSKInrMAq5sepfCdaCsRJaoLe5jhtzfiw7CjbVM=';
const hex = 'a910b06522889eb300ab9b1ea5f09d682b1125aa0b7b98e1b737e2c3b0a36d53';
const peer = { publicKey: key, endpoint: '[fd00::1]:51820', allowedIps: ['172.16.0.3/32', 'fd00::/64'], keepaliveSeconds: 25, push: 0, restart: 0 };

test('writes key and port', () => {
  expect(identityRequest(key, 51820)).toBe(`set=1\nprivate_key=${hex}\nlisten_port=51820\n\n`);
});

test('writes removals before moves before additions, and keepalive last of each peer', () => {
  expect(peersRequest({ kind: 'set-peers', device: 'wm', remove: [key], move: [peer, { ...peer, endpoint: '' }], set: [peer, { ...peer, endpoint: '', allowedIps: [], keepaliveSeconds: 0, push: 0, restart: 0 }] })).toBe([
    'set=1', `public_key=${hex}`, 'remove=true',
    `public_key=${hex}`, 'endpoint=[fd00::1]:51820',
    `public_key=${hex}`, 'endpoint=[fd00::1]:51820', 'replace_allowed_ips=true', 'allowed_ip=172.16.0.3/32', 'allowed_ip=fd00::/64', 'persistent_keepalive_interval=25',
    `public_key=${hex}`, 'replace_allowed_ips=true', 'persistent_keepalive_interval=0', '', '',
  ].join('\n'));
});

test('writes peers as a file for wg', () => {
  expect(peersConfig([peer, { ...peer, endpoint: '', allowedIps: [], keepaliveSeconds: 0, push: 0, restart: 0 }])).toBe(
    `[Peer]\nPublicKey = ${key}\nAllowedIPs = 172.16.0.3/32, fd00::/64\nEndpoint = [fd00::1]:51820\nPersistentKeepalive = 25\n\n[Peer]\nPublicKey = ${key}\nPersistentKeepalive = off\n`);
});

const stats = { publicKey: key, endpoint: '10.0.0.2:51820', allowedIps: ['172.16.0.3/32', 'fd00::/64'], keepaliveSeconds: 25, lastHandshakeMs: 1_700_000_000_123n, receiveBytes: 18_446_744_073_709_551_615n, transmitBytes: 7n };

test('reads what an engine says, skips what it does not know, and drops the private key', () => {
  const answer = [
    `private_key=${hex}`, 'listen_port=51820', 'fwmark=1', `public_key=${hex}`, 'preshared_key=00', 'protocol_version=1', 'endpoint=10.0.0.2:51820',
    'last_handshake_time_sec=1700000000', 'last_handshake_time_nsec=123456789', 'tx_bytes=7', 'rx_bytes=18446744073709551615', 'persistent_keepalive_interval=25',
    'allowed_ip=172.16.0.3/32', 'allowed_ip=fd00::/64', 'new_thing=1', 'errno=0', '', '',
  ].join('\n');
  expect(parseGet(answer)).toEqual({ listenPort: 51820, peers: [stats] });
});

test('reads the dump of wg', () => {
  const text = `${key}\t${key}\t51820\toff\n${key}\t(none)\t10.0.0.2:51820\t172.16.0.3/32,fd00::/64\t1700000000\t5\t7\t25\n${key}\t(none)\t(none)\t(none)\t0\t0\t0\toff\n`;
  expect(parseDump(text)).toEqual({
    listenPort: 51820,
    peers: [
      { ...stats, lastHandshakeMs: 1_700_000_000_000n, receiveBytes: 5n },
      { publicKey: key, endpoint: '', allowedIps: [], keepaliveSeconds: 0, lastHandshakeMs: 0n, receiveBytes: 0n, transmitBytes: 0n },
    ],
  });
});

test('finds the errno of an answer, and none in one that was cut short', () => {
  expect([errnoOf('errno=0\n\n'), errnoOf('a=b\nerrno=-98\n\n'), errnoOf('errno=98\n\n'), errnoOf('a=errno=1\n\n'), errnoOf('')]).toEqual([0, 98, 98, Number.NaN, Number.NaN]);
});
