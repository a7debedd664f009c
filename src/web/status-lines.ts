import { type Client } from '../contract/client.ts';
import { type SessionTopic } from '../contract/state.ts';

/** One JSON value a line whenever the session or the number of other peers changes: `{"session": SessionTopic, "peers": number}`. */
export function reportStatus(client: Pick<Client, 'watch'>, print: (line: string) => void): void {
  let session: SessionTopic | undefined;
  let peers = 0;
  let last = '';
  const report = (): void => {
    if (session === undefined) return;
    const line = JSON.stringify({ session: withoutCounters(session), peers });
    if (line !== last) print(`${line}\n`);
    last = line;
  };
  client.watch('peers', ({ list }) => {
    peers = list.filter(({ self }) => !self).length;
    report();
  });
  client.watch('session', (value) => {
    session = value;
    report();
  });
}

/** Byte counters move all the time and belong to the metrics; in a line for each change they would be the only change. */
function withoutCounters(session: SessionTopic): SessionTopic {
  return session.phase === 'connected' ? { ...session, tunnel: { ...session.tunnel, receiveBytes: 0, transmitBytes: 0 } } : session;
}
