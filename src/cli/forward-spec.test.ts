import { expect, test } from 'vitest';
import { parseForward } from './forward-spec.ts';

test.each<[string, ReturnType<typeof parseForward>]>([
  ['8080', { localPort: 8080, remotePort: 8080 }],
  ['9000:8080', { localPort: 9000, remotePort: 8080 }],
  ['0:8080', { localPort: 0, remotePort: 8080 }],
  ['9000:192.168.1.5:80', { localPort: 9000, remoteAddress: '192.168.1.5', remotePort: 80 }],
  ['192.168.1.5:80', { localPort: 0, remoteAddress: '192.168.1.5', remotePort: 80 }],
  ['9000:[fd00::5]:80', { localPort: 9000, remoteAddress: 'fd00::5', remotePort: 80 }],
  ['[::1]:80', { localPort: 0, remoteAddress: '::1', remotePort: 80 }],
])('%s', (text, expected) => expect(parseForward(text)).toEqual(expected));

test.each([
  ['', 'is no forward'], ['x', 'is no forward'], ['8080:', 'is no forward'], ['1:2:3', 'is no forward'], ['fd00::5:80', 'is no forward'], ['9000:[fd00::5]', 'is no forward'], ['9000:8080 ', 'is no forward'],
  ['8080:localhost:80', 'names are not looked up'], ['9000:[1.2.3.4]:80', 'brackets'], ['9000:1.2.3:80', 'no address'], ['0', '0 is no port'], ['70000', '70000 is no port'], ['1:0', '0 is no port'],
])('refuses %j', (text, problem) => {
  expect(() => parseForward(text)).toThrowError(new RegExp(problem));
});
