import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { HelperUnderTest, sh } from '../../system/helper-harness.ts';
import { atEnd } from '../attack.ts';
import { missingRoot } from '../clients/other-user.ts';

/** A helper runs as root, in a network namespace of its own so that no mistake reaches this machine. */
export function missingForHelper(): string | undefined {
  return missingRoot() ?? (existsSync('/usr/sbin/ip') || existsSync('/sbin/ip') || existsSync('/bin/ip') ? undefined : 'the ip command');
}

let made = 0;

/** A helper that is not started yet, with its folders below one that everybody may enter. */
export function newHelper(): HelperUnderTest {
  const name = `wmat${process.pid.toString(36)}${made++}`;
  const folder = mkdtempSync('/tmp/wm-attack-helper-');
  chmodSync(folder, 0o755);
  mkdirSync(join(folder, 'h'), { mode: 0o755 });
  sh(`ip netns add ${name}; ip -n ${name} link set lo up`);
  const helper = new HelperUnderTest(name, join(folder, 'h'));
  atEnd(async () => {
    await helper.stop().catch(() => {});
    sh(`ip netns del ${name}`);
    rmSync(folder, { recursive: true, force: true });
  });
  return helper;
}
