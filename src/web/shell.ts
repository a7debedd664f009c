import { type Clock } from '../base/clock.ts';
import { type Log } from '../base/log.ts';
import { type Random } from '../base/random.ts';
import { attach, type Client, type Port } from '../contract/client.ts';
import { disconnected } from '../contract/wait.ts';
import { portPair, type CoreLink } from '../platform/core-link.ts';
import { type WebTls } from '../platform/web-tls.ts';
import { servePages, type PageServer } from './http.ts';
import { createTickets } from './tickets.ts';

/** The web shell once its core is there: makes links to the page, and ends everything in order. */
export interface WebShell {
  readonly client: Client;
  /** A fresh link that lets one browser in. Starts the page server with the first one. */
  link(): Promise<string>;
  close(): Promise<void>;
}

export interface WebShellOptions {
  readonly core: CoreLink;
  readonly pages: string;
  readonly port: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Called when the page server starts; undefined serves plain HTTP. */
  tls(): Promise<Pick<WebTls, 'options'> | undefined>;
}

export function createWebShell({ core, pages, port, clock, random, log, tls }: WebShellOptions): WebShell {
  const tickets = createTickets(clock, random);
  const client = attach(portTo(core));
  let server: Promise<PageServer> | undefined;
  const start = async (): Promise<PageServer> => servePages({ pages, port, tickets, log, tls: await tls(), open: core.open });
  return {
    client,
    link: async () => {
      server ??= start();
      const { origin } = await server.catch((error: unknown) => {
        server = undefined;
        throw error;
      });
      return `${origin}/?ticket=${tickets.issue()}`;
    },
    close: async () => {
      if (core.kind === 'owner') await disconnect(client, clock, log);
      client.close();
      await server?.then((running) => running.close(), () => {});
      await core.close();
    },
  };
}

/** A port of our own to the core, for what the shell itself asks and shows. */
function portTo(core: CoreLink): Port {
  const [near, far] = portPair();
  core.open(far);
  return near;
}

async function disconnect(client: Client, clock: Clock, log: Log): Promise<void> {
  try {
    await disconnected(client, clock);
  } catch (error) {
    log.warn('shell.disconnect-failed', { error: String(error) }); // We end all the same; the helper clears the tunnel when it sees us gone.
  }
}
