import { formatIp, formatPrefix, joinHostPort, parseIp, parsePrefix, splitHostPort } from '../../../src/base/ip.ts';
import { goTimeText, parseTime, rfc3339 } from '../../../src/node/state/go-time.ts';
import { text } from '../shapes/text.ts';
import { bytesOf, holds, type Target, utf8 } from '../target.ts';

const addresses: Target = {
  name: 'addresses', from: 'every text with an address: the mesh, people, files', shape: text, words: ['::', ':', '.', '/', '%', '[', ']', '255', 'ffff', '0x', '00', '٣'],
  open: () => ({
    seeds: ['1.2.3.4', '172.16.0.2/12', 'fd00:1:2::/48', '::', '::ffff:1.2.3.4', 'fe80::1%eth0', '[fd00::1]:8443', '10.0.0.1:65535', 'host.example:1'].map(bytesOf),
    run: (input) => {
      const one = utf8(input);
      const ip = parseIp(one);
      if (ip) holds(parseIp(formatIp(ip))?.value === ip.value && ip.value >= 0n && ip.value < 2n ** (ip.family === 4 ? 32n : 128n), 'an address prints and reads alike');
      const prefix = parsePrefix(one);
      if (prefix) holds(parsePrefix(formatPrefix(prefix))?.bits === prefix.bits, 'a network prints and reads alike');
      const split = splitHostPort(one);
      if (split) holds(splitHostPort(joinHostPort(split.host, split.port))?.port === split.port, 'host and port print and read alike');
      return undefined;
    },
  }),
};

const times: Target = {
  name: 'times', from: 'the replicated state and foreign snapshots', shape: text, words: ['T', 'Z', '+0000', 'UTC', '-', ':', 'm=+0.1', '9999', '0000', '29', '.123456789'],
  open: () => ({
    seeds: ['2023-05-26 18:15:08.12 +0000 UTC', '2023-05-26T18:15:08Z', '2024-02-29', '0001-01-01 00:00:00 +0000 UTC', '2023-05-26 18:15:08 -0700 PDT m=+1.5'].map(bytesOf),
    run: (input) => {
      const instant = parseTime(utf8(input));
      const written = instant && goTimeText(instant);
      if (written !== undefined) {
        const again = parseTime(written);
        holds(again?.seconds === instant?.seconds && again?.nanos === instant?.nanos && parseTime(rfc3339(instant as NonNullable<typeof instant>) as string)?.seconds === instant?.seconds, 'a time prints and reads alike');
      }
      return undefined;
    },
  }),
};

export const texts: readonly Target[] = [addresses, times];
