import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'wm-deb-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Machine {
  /** What `getent passwd` says of the one who asked for the package. */
  readonly passwd: string;
  /** Whether usermod knows that user: it does not know those of a directory service. */
  readonly local: boolean;
  /** Whether anything can add people of a directory service to the group. */
  readonly gpasswd?: boolean;
}

/** Runs the script of a first installation with programs that only write down how they were called. */
async function install({ passwd, local, gpasswd = true }: Machine): Promise<{ code: number; said: string; called: string }> {
  const bin = mkdtempSync(join(folder, 'bin-'));
  const calls = join(bin, 'calls');
  const program = (name: string, text: string): void => writeFileSync(join(bin, name), `#!/bin/sh\necho "${name} $*" >> '${calls}'\n${text}\n`, { mode: 0o755 });
  for (const name of ['cut', 'rm', 'cat']) symlinkSync(join('/usr/bin', name), join(bin, name));
  program('getent', `cat <<'E'\n${passwd}\nE`);
  for (const name of ['systemd-sysusers', 'systemd-tmpfiles', 'systemctl']) program(name, 'exit 1'.repeat(name === 'systemctl' ? 1 : 0));
  program('usermod', local ? '' : 'echo "usermod: user does not exist in /etc/passwd" >&2; exit 6');
  program('gpasswd', gpasswd ? '' : 'exit 3');
  const script = join(import.meta.dirname, '../../resources/linux/deb/postinst');
  return new Promise((resolve) => {
    execFile('/bin/sh', [script, 'configure'], { env: { PATH: bin, SUDO_UID: '1234' } }, (error, out, err) => {
      resolve({ code: error === null ? 0 : Number(error.code), said: `${out}${err}`, called: readFileSync(calls, 'utf8') });
    });
  });
}

test('who asked for the package may use it, also where the user is of a directory service', async () => {
  const own = await install({ passwd: 'ada:x:1234:1234::/home/ada:/bin/sh', local: true });
  expect([own.code, own.said, own.called.includes('usermod --append --groups webmesh ada\n')]).toEqual([0, 'webmesh: ada may use the helper\n', true]);
  const far = await install({ passwd: 'ada@corp.example:*:1234:1234::/home/ada:/bin/sh', local: false });
  expect([far.code, far.said, far.called.includes('gpasswd --add ada@corp.example webmesh\n')]).toEqual([0, 'webmesh: ada@corp.example may use the helper after the next login\n', true]);
});

test('an installation does not fail because nobody could be let in: it says what to do', async () => {
  const { code, said } = await install({ passwd: String.raw`CORP\ada:*:1234:1234::/home/ada:/bin/sh`, local: false, gpasswd: false });
  expect([code, said]).toEqual([0, 'webmesh: who uses it must be in the group webmesh; next: gpasswd --add NAME webmesh\n']);
});

test.each(['-rf:x:1234:1234:::', ':x:1234:1234:::', ''])('%j is nobody', async (passwd) => {
  const { code, called } = await install({ passwd, local: true });
  expect([code, /usermod|gpasswd/.test(called)]).toEqual([0, false]);
});
