/**
 * Another user of the machine at the app socket, and a guest that floods it. The socket's folder shuts others out; and where somebody opened
 * it by mistake, the kernel's word about the other end decides.
 */
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serve } from '../../../src/contract/carrier.ts';
import { attach } from '../../../src/contract/client.ts';
import { connect as connectApp, limits, listen } from '../../../src/platform/app-socket.ts';
import { systemClock } from '../../../src/platform/clock.ts';
import { createFakeApp } from '../../fakes/app.ts';
import { type Attack, atEnd, demand, once, summary } from '../attack.ts';
import { knockAs, missingRoot, otherUid } from '../clients/other-user.ts';

const world = once(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'wm-attack-app-'));
  const app = createFakeApp(systemClock, { scene: 'connected' });
  const path = join(folder, 'run', 'app.sock');
  const socket = await listen(path, (port) => serve(port, app.handlers, app.topics));
  atEnd(async () => {
    await socket.close();
    app.close();
    rmSync(folder, { recursive: true });
  });
  return { folder, path, app };
});

async function ownerWorks(): Promise<void> {
  const client = attach(await connectApp((await world()).path));
  demand((await client.call('peer.ping', { id: 'attic' })).latencyMs > 0, 'the owner is served');
  client.close();
}

/** Sends bytes and tells how it ends; what is answered does not matter here. */
async function send(bytes: string | Buffer): Promise<string> {
  const socket = connect((await world()).path);
  socket.on('error', () => {}).resume();
  const ended = new Promise<string>((resolve) => socket.once('close', () => resolve('closed')));
  socket.write(bytes);
  const stays = new Promise<string>((resolve) => setTimeout(() => resolve('open'), 10_000));
  const end = await Promise.race([ended, stays]);
  socket.destroy();
  return end;
}

export const appSocket: readonly Attack[] = [
  {
    name: 'app-socket-other-user', aim: 'app socket', expected: 'EACCES', missing: missingRoot, counter: ownerWorks,
    attack: async () => {
      const { folder, path } = await world();
      chmodSync(folder, 0o755);
      return summary([await knockAs(otherUid, path, '{"kind":"call","id":1,"name":"app.quit","input":{}}\n')]);
    },
  },
  {
    name: 'app-socket-other-user-open-modes', aim: 'app socket', expected: 'closed', missing: missingRoot, counter: ownerWorks,
    attack: async () => {
      const { folder, path, app } = await world();
      for (const each of [folder, join(folder, 'run')]) chmodSync(each, 0o777);
      chmodSync(path, 0o666);
      const before = app.calls.length;
      const seen = await knockAs(otherUid, path, '{"kind":"call","id":1,"name":"app.quit","input":{}}\n');
      chmodSync(join(folder, 'run'), 0o700);
      return app.calls.length === before ? seen : `${seen}, and the core was asked`;
    },
  },
  {
    name: 'app-socket-malformed', aim: 'app socket', expected: 'closed', counter: ownerWorks,
    attack: async () => summary(await Promise.all(['no json\n', '{"kind":\n', `${'\u00ff'.repeat(4_096)}\n`, `"${'a'.repeat(limits.messageMax + 1)}"\n`, 'a'.repeat(limits.messageMax + 2)].map(send))),
  },
  {
    name: 'app-socket-flood', aim: 'app socket', expected: 'closed', counter: ownerWorks,
    attack: () => send('{"kind":"call","id":1,"name":"session.retry","input":{}}\n'.repeat(20_000)),
  },
  {
    name: 'app-socket-many-connections', aim: 'app socket', expected: `at most ${limits.connectionsMax} stay, and the owner is served again`, counter: ownerWorks,
    attack: async () => {
      const { path } = await world();
      const all = Array.from({ length: 300 }, () => connect(path).on('error', () => {}));
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      const stay = all.filter((socket) => !socket.destroyed && !socket.readableEnded && socket.readyState === 'open').length;
      for (const socket of all) socket.destroy();
      await new Promise((resolve) => setTimeout(resolve, 200));
      await ownerWorks();
      return stay <= limits.connectionsMax ? `at most ${limits.connectionsMax} stay, and the owner is served again` : `${stay} stay`;
    },
  },
];
