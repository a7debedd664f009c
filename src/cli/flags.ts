import { z } from 'zod';
import { commands, type CommandName } from '../contract/commands.ts';

/** One option of a verb. */
export interface Flag {
  /** Without the dashes. */
  readonly name: string;
  readonly kind: 'text' | 'number' | 'switch';
  readonly about: string;
  readonly choices?: readonly string[];
  /** The field of the command's input that it fills, if any. One of a verb's own flags that names a field stands in place of the one made from the row. */
  readonly field?: string;
  /** What the field gets, when that is not the text itself. Fails with input.invalid. */
  readonly read?: (text: string) => number;
}

interface Property {
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxLength?: number;
}

/** The options of a contract command, made from its row: every field that is not given in another way. */
export function flagsOf(command: CommandName, without: readonly string[] = []): readonly Flag[] {
  return Object.entries(fieldsOf(command))
    // Which network is said in one way everywhere: by --network.
    .filter(([field]) => field !== 'profile' && !without.includes(field))
    .map(([field, property]) => ({
      name: kebab(field),
      field,
      kind: property.type === 'boolean' ? 'switch' : property.type === 'integer' || property.type === 'number' ? 'number' : 'text',
      about: describe(field, property),
      ...(property.enum === undefined ? {} : { choices: property.enum }),
    }));
}

function fieldsOf(command: CommandName): Readonly<Record<string, Property>> {
  const schema = z.toJSONSchema(commands[command].input, { io: 'input' });
  return (schema.properties ?? {}) as Readonly<Record<string, Property>>;
}

/** True of a command whose input knows the field. */
export function takes(command: CommandName, field: string): boolean {
  return Object.hasOwn(commands[command].input.shape, field);
}

/** `stayConnected` → `stay-connected`, `ipv4Network` → `ipv4-network`. */
export function kebab(field: string): string {
  return field.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

const words: Readonly<Record<string, string>> = {
  ipv4Network: 'IPv4 network of the mesh, such as 172.16.0.0/12',
  nodeId: 'name of this device in the mesh',
  grpcPort: 'TCP port of the mesh API',
  raftPort: 'TCP port of Raft',
  wireguardPort: 'UDP port of WireGuard',
  insecure: 'clear text, for old networks: nothing protects joining and managing it',
  asVoter: 'ask to become a voter, not an observer',
  name: 'name of the network on this machine',
  theme: 'colours of the window',
  colour: 'colour of the network',
  suffix: 'how names in it end on this machine, such as home.internal',
  all: 'every network',
  language: 'language of the window and the tray; this command line stays English',
  autoConnect: 'connect it when the app starts',
  startAtLogin: 'start the app at login',
  stayConnected: 'stay connected after quitting',
  closeExplained: 'the app has told where it goes when its window is closed',
  notifications: 'show notifications at all',
  notifyConnection: 'tell of a connection that is lost, back or not possible',
  notifyDevices: 'tell of devices that wait for an admin',
  notifyExpiry: 'tell of certificates that end soon',
  notifyService: 'tell of trouble on this device',
  logLevel: 'how much goes into the log',
  lines: 'how many lines',
  role: 'what a device may do',
  uses: 'how many devices may join with it',
  note: 'for whom it is; only admins see it',
  search: 'only events that hold this text',
  before: 'only events with a smaller number',
  limit: 'at most this many',
  count: 'how many round trips of each path',
  mtu: 'also look for the largest packet that passes',
  relayMbit: 'megabits a second that this machine relays for others; 0: none',
};

function describe(field: string, { minimum, maximum, type }: Property): string {
  const range = type === 'integer' && minimum !== undefined && maximum !== undefined ? ` (${minimum} to ${maximum})` : '';
  return `${words[field] ?? kebab(field).replaceAll('-', ' ')}${range}`;
}
