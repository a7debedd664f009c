import { failure, fromData, toData, asFailure } from '../base/failure.ts';
import { type Port } from '../contract/client.ts';
import { connect } from './app-socket.ts';
import { systemClock } from './clock.ts';

/** What a web shell answers on its own private socket: a fresh link to its page. One request and one answer a connection. */
export function answerDoor(port: Port, link: () => Promise<string>): void {
  port.onMessage((message) => {
    if (!isLinkRequest(message)) return port.close();
    link().then(
      (url) => port.send({ kind: 'link', url }),
      (error: unknown) => port.send({ kind: 'refused', failure: toData(asFailure(error)) }),
    );
  });
}

/** How long a web shell may take to answer: it may be starting its page server. */
const answerMs = 20_000;

/** Asks the web shell at `socket` for a fresh link. Fails with app.not-running when there is none, or none that answers. */
export async function askForLink(socket: string): Promise<string> {
  const port = await connect(socket);
  const stop = systemClock.after(answerMs, () => port.close());
  try {
    return await new Promise((resolve, reject) => {
      port.onClose(() => reject(failure('app.not-running', { socket })));
      port.onMessage((message) => {
        const url = linkFrom(message);
        if (url === undefined) reject(fromData(failureFrom(message)));
        else resolve(url);
      });
      port.send({ kind: 'link' });
    });
  } finally {
    stop();
    port.close();
  }
}

function isLinkRequest(message: unknown): boolean {
  return typeof message === 'object' && message !== null && 'kind' in message && message.kind === 'link';
}

function linkFrom(message: unknown): string | undefined {
  return isLinkRequest(message) && typeof message === 'object' && message !== null && 'url' in message && typeof message.url === 'string' ? message.url : undefined;
}

function failureFrom(message: unknown): unknown {
  return typeof message === 'object' && message !== null && 'failure' in message ? message.failure : undefined;
}
