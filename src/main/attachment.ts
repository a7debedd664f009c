import { attach, type Client, type Port } from '../contract/client.ts';
import { linkCore, portPair, type CoreLink, type RunningCore } from '../platform/core-link.ts';

/** The window's hold on the core of its home, whoever owns it. When the owner ends, the window takes its place. */
export interface Attachment {
  readonly owned: boolean;
  readonly client: Client;
  open(port: Port): void;
  close(): Promise<void>;
}

export interface AttachmentOptions {
  readonly socket: string;
  start(): Promise<RunningCore>;
  /** Called with the first client and with each later one, when the former core went away. */
  attached(client: Client, again: boolean): void;
  failed(error: unknown): void;
}

export async function attachToCore({ socket, start, attached, failed }: AttachmentOptions): Promise<Attachment> {
  let link: CoreLink;
  let client: Client;
  let ended = false;
  const hold = async (again: boolean): Promise<void> => {
    link = await linkCore(socket, start);
    link.onLost(() => {
      if (!ended) void hold(true).catch(failed);
    });
    const [near, far] = portPair();
    client = attach(near);
    link.open(far);
    attached(client, again);
  };
  await hold(false);
  return {
    get owned() {
      return link.kind === 'owner';
    },
    get client() {
      return client;
    },
    open: (port) => link.open(port),
    close: async () => {
      ended = true;
      client.close();
      await link.close();
    },
  };
}
