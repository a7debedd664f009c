// Puts the pinned Node in place and hands over to the typed script that does the work. Plain JavaScript for any Node from 20 on.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { ensurePackages, environment, pinnedNode, root, SetUpError } from './set-up.mjs';

/** Runs `scripts/<script>` under the pinned Node with this process's arguments; ends with its exit code. */
export function handOver(script) {
  try {
    ensurePackages();
    const child = spawn(pinnedNode(), [join(root, 'scripts', script), ...process.argv.slice(2)], { cwd: root, env: environment(), stdio: 'inherit' });
    // The terminal sends Ctrl-C to both; the child cleans up, this one only waits for it.
    process.on('SIGINT', () => {});
    for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
    child.on('exit', (code, signal) => process.exit(code ?? (signal ? 1 : 0)));
  } catch (error) {
    if (!(error instanceof SetUpError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  }
}
