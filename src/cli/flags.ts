import { z } from 'zod';
import { commands, type CommandName } from '../contract/commands.ts';

/** One option of a verb. */
export interface Flag {
  /** Without the dashes. */
  readonly name: string;
  readonly kind: 'text' | 'number' | 'switch';
  readonly about: string;
  readonly choices?: readonly string[];
  /** The field of the command's input that it fills, if any. */
  readonly field?: string;
}

interface Property {
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxLength?: number;
}

/** The options of a contract command, made from its row: every field that is no positional argument. */
export function flagsOf(command: CommandName, positional: readonly string[] = []): readonly Flag[] {
  return Object.entries(fieldsOf(command))
    .filter(([field]) => !positional.includes(field))
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

/** `connectAtStart` → `connect-at-start`, `ipv4Network` → `ipv4-network`. */
export function kebab(field: string): string {
  return field.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

const words: Readonly<Record<string, string>> = {
  ipv4Network: 'IPv4 network of the mesh, such as 172.16.0.0/12',
  nodeId: 'name of this device in the mesh',
  grpcPort: 'TCP port of the mesh API',
  raftPort: 'TCP port of Raft',
  wireguardPort: 'UDP port of WireGuard',
  insecure: 'join in clear text: nothing protects joining itself',
  asVoter: 'ask to become a voter, not an observer',
  name: 'name of the network on this machine',
  theme: 'colours of the window',
  connectAtStart: 'connect when the app starts',
  startAtLogin: 'start the app at login',
  notifications: 'show notifications',
  logLevel: 'how much goes into the log',
  lines: 'how many lines',
};

function describe(field: string, { minimum, maximum, type }: Property): string {
  const range = type === 'integer' && minimum !== undefined && maximum !== undefined ? ` (${minimum} to ${maximum})` : '';
  return `${words[field] ?? kebab(field).replaceAll('-', ' ')}${range}`;
}
