/** Runs the core alone, for tests that need one in a network namespace of its own: arguments are home and helper socket. Serves app.sock. */
import { serve } from '../../../src/contract/carrier.ts';
import { createApp } from '../../../src/core/app.ts';
import { listen } from '../../../src/platform/app-socket.ts';
import { systemClock } from '../../../src/platform/clock.ts';
import { createCorePorts } from '../../../src/platform/core-ports.ts';
import { homeAt } from '../../../src/platform/home.ts';
import { createLog, fileSink } from '../../../src/platform/log-file.ts';

const [folder = '', helperSocket = ''] = process.argv.slice(2);
const home = homeAt(folder);
const log = createLog({ sink: fileSink(home.logFile), clock: systemClock, level: 'debug', scope: 'app' });
const ports = await createCorePorts({ home: home.folder, helperSocket, version: 'test', log, logFile: home.logFile, setLogLevel: () => {} });
const app = await createApp(ports);
const socket = await listen(home.appSocket, (port) => serve(port, app.handlers, app.topics));
process.stdout.write('ready\n');
process.stdin.on('end', () => void end()).resume();
process.on('SIGTERM', () => void end());

async function end(): Promise<void> {
  await app.close();
  await socket.close();
  ports.close();
  process.exit(0);
}
