import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { pathToFileURL } from 'node:url';

/**
 * Makes a port of 127.0.0.1 inside a namespace reachable on the same port of 127.0.0.1 here. A unix socket is a file and so crosses
 * namespaces; TCP does not. The port stays the same on both sides, so a Host check inside still passes.
 */
export async function forwardFromNamespace(namespace: string, port: number, socketPath: string): Promise<() => void> {
  rmSync(socketPath, { force: true });
  const inside = spawn('ip', ['netns', 'exec', namespace, process.execPath, import.meta.filename, socketPath, String(port)], { stdio: ['pipe', 'pipe', 'inherit'] });
  await new Promise<void>((resolve, reject) => {
    inside.stdout.once('data', () => resolve());
    inside.once('exit', (code) => reject(new Error(`the forwarder in ${namespace} ended with code ${code}`)));
  });
  const server = await bridge({ host: '127.0.0.1', port }, { path: socketPath });
  return () => {
    server.close();
    inside.stdin.end();
    rmSync(socketPath, { force: true });
  };
}

type Address = { host: string; port: number } | { path: string };

function bridge(from: Address, to: Address): Promise<Server> {
  const server = createServer((near) => {
    const far = connect(to);
    near.pipe(far).pipe(near);
    near.on('error', () => far.destroy());
    far.on('error', () => near.destroy());
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(from, () => resolve(server));
  });
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [, , socketPath = '', port] = process.argv;
  await bridge({ path: socketPath }, { host: '127.0.0.1', port: Number(port) });
  process.stdout.write('ready\n');
  process.stdin.resume().on('end', () => process.exit(0));
}
