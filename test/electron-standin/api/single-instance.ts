import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, watch, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** One process for each user-data folder. A second one leaves its command line in the folder, and the first one finds it. */
export interface InstanceLock {
  release(): void;
}

export function takeInstanceLock(userData: string, second: (argv: string[], cwd: string) => void): InstanceLock | undefined {
  const folder = join(userData, 'standin-instance');
  const owner = join(folder, 'pid');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (!claim(owner)) {
    const note = join(folder, `note-${process.pid}`);
    writeFileSync(`${note}.tmp`, JSON.stringify({ argv: process.argv, cwd: process.cwd() }));
    renameSync(`${note}.tmp`, `${note}.json`);
    return undefined;
  }
  const watcher = watch(folder, () => {
    for (const name of readdirSync(folder).filter((entry) => entry.endsWith('.json'))) {
      const { argv, cwd } = JSON.parse(readFileSync(join(folder, name), 'utf8')) as { argv: string[]; cwd: string };
      rmSync(join(folder, name));
      second(argv, cwd);
    }
  });
  watcher.unref();
  return {
    release: () => {
      watcher.close();
      rmSync(owner, { force: true });
    },
  };
}

function claim(owner: string): boolean {
  for (;;) {
    try {
      writeFileSync(owner, String(process.pid), { flag: 'wx' });
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    if (isRunning(Number(readFileSync(owner, 'utf8')))) return false;
    rmSync(owner, { force: true }); // its owner was killed
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
