import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { cleanFileMappings, giveMemoryBack } from './memory-linux.ts';

const smaps = `00400000-00746000 r--p 00000000 fe:00 5382641                            /opt/a program/node
Size:               3352 kB
Rss:                3352 kB
Anonymous:             0 kB
0074a000-03044000 r-xp 0034a000 fe:00 5382641                            /opt/a program/node
Rss:               17848 kB
Anonymous:             4 kB
03201000-06b51000 r--p 02e01000 fe:00 5382641                            /usr/lib/libc.so.6
Rss:                   0 kB
Anonymous:             0 kB
06b52000-06b62000 rw-p 06950000 fe:00 5382641                            /usr/lib/libc.so.6
Rss:                  64 kB
Anonymous:             0 kB
3e261000-3e4ab000 r--p 00000000 00:00 0                                  [heap]
Rss:                2200 kB
Anonymous:             0 kB
7f07c3580000-7f07c3785000 r--p 00000000 00:00 0
Rss:                 100 kB
Anonymous:             0 kB
7ffd01819000-7ffd0183a000 r-xp 00000000 00:00 0                          [vdso]
Rss:                   4 kB
Anonymous:             0 kB
`;

test('only pages that lie unchanged in a file may go', () => {
  expect(cleanFileMappings(smaps)).toEqual([{ from: 0x400000n, to: 0x746000n, residentBytes: 3352 * 1024 }]);
});

test.skipIf(process.platform !== 'linux')('where there is Linux, this very process gives pages back, and runs on', () => {
  const residentFiles = (): number => Number(/^RssFile:\s+(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]);
  const before = residentFiles();
  expect(giveMemoryBack()).toBeGreaterThan(4 << 20);
  expect(residentFiles()).toBeLessThan(before);
});
