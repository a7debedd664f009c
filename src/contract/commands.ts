import { z } from 'zod';
import { roles } from '../base/identity.ts';
import type { HistoryView } from './history.ts';
import { networkColours } from './networks.ts';
import { languageChoices } from './language.ts';
import type { AuditEventView, ForwardView, Invitation, NetcheckView, NetworkTopics, PathPing } from './state.ts';

/**
 * One row for each thing a shell may ask of the core. Types on both ends, validation and CLI flags follow from it.
 * A reply says *accepted*; what came of it is read from the topics.
 */
const command = <I extends z.ZodObject, O extends z.ZodType>(about: string, input: I, output: O) => ({ about, input, output });
const nothing = z.strictObject({});
/** What acts on one network: the named one, else the selected one. */
const within = <S extends z.ZodRawShape>(shape: S) => z.strictObject({ ...shape, profile: id.optional() });
const done = z.null();

const id = z.string().regex(/^[a-z0-9]{1,32}$/);
const text = (max: number) => z.string().trim().min(1).max(max);
const port = z.number().int().min(1).max(65535);
const role = z.enum(roles);
const inviteId = z.string().regex(/^[a-z0-9]{16}$/);
/** A link, or the content of an invite file. */
const inviteText = z.string().trim().min(1).max(4_096);
const passphrase = z.string().min(10).max(256);
/** What the kept measurements are of. */
const historyAbout = z.union([z.enum(['host', 'network']), z.strictObject({ peer: text(253) })]);
const time = z.number().int().min(0).max(8.64e15);
const theme = z.enum(['system', 'light', 'dark']);
const language = z.enum(languageChoices);

export const commands = {
  'session.connect': command('Connect a network; those that are connected stay so', within({}), done),
  'session.disconnect': command('Disconnect a network, or all of them', within({ all: z.boolean().optional() }), done),
  'session.retry': command('Try again now instead of waiting', within({}), done),
  'network.view': command('What is known of a network now, also of one that no window shows', within({}), z.object({ view: z.custom<NetworkTopics>() })),
  'mesh.create': command('Create a network on this machine', z.strictObject({
    name: text(64),
    ipv4Network: text(43).optional(),
    nodeId: text(63).optional(),
    grpcPort: port.optional(),
    raftPort: port.optional(),
    wireguardPort: port.optional(),
    /** Clear text, for old meshes. */
    insecure: z.boolean().optional(),
  }), z.object({ profile: id })),
  'mesh.join': command('Add an old network in clear text, by the address of one of its nodes', z.strictObject({
    address: text(300),
    name: text(64).optional(),
    nodeId: text(63).optional(),
    insecure: z.boolean(),
    grpcPort: port.optional(),
    raftPort: port.optional(),
    wireguardPort: port.optional(),
    asVoter: z.boolean().optional(),
  }), z.object({ profile: id })),
  'invite.create': command('Make an invite: a link for one device, or for several', within({
    role: role.optional(),
    expiresInSeconds: z.number().int().min(60).max(30 * 86_400).optional(),
    uses: z.number().int().min(1).max(100).optional(),
    needsApproval: z.boolean().optional(),
    note: z.string().trim().max(64).optional(),
  }), z.object({ id: z.string(), link: z.string(), expiresAtMs: z.number() })),
  'invite.revoke': command('Make an invite useless', within({ id: inviteId }), done),
  'invite.inspect': command('Read what an invite says, without using it', z.strictObject({ link: inviteText }), z.object({ invitation: z.custom<Invitation>() })),
  'invite.open': command('Show an invite in the window and ask for consent', z.strictObject({ link: inviteText }), done),
  'invite.dismiss': command('Put away the invite that waits for consent', nothing, done),
  'invite.redeem': command('Join a network with an invite', z.strictObject({
    link: inviteText,
    name: text(64).optional(),
    nodeId: text(63).optional(),
    grpcPort: port.optional(),
    raftPort: port.optional(),
    wireguardPort: port.optional(),
    asVoter: z.boolean().optional(),
  }), z.object({ profile: id })),
  'device.approve': command('Accept a device that waits for approval', within({ id: text(253) }), done),
  'device.revoke': command('Cut a device off for ever', within({ id: text(253) }), done),
  'device.role': command('Change what a device may do', within({ id: text(253), role }), done),
  'certificate.renew': command('Renew the certificate and the tunnel key of this device now', within({}), done),
  'root.export': command("Write the network's root key to a file that only the passphrase opens", within({ passphrase }), z.object({ path: z.string() })),
  'root.remove': command("Remove the network's root key from this machine, after it was exported", within({}), done),
  'root.import': command("Bring the network's root key back from its file", within({ file: z.string().min(1).max(65_536), passphrase }), done),
  'audit.list': command('Who did what, newest first', within({
    search: z.string().max(200).optional(),
    before: z.number().int().min(1).optional(),
    limit: z.number().int().min(1).max(1000).optional(),
  }), z.object({ events: z.array(z.custom<AuditEventView>()), intact: z.boolean(), total: z.number() })),
  'audit.export': command('Write the whole audit log to a file', within({}), z.object({ path: z.string() })),
  'profile.select': command('Choose the network that is shown, and meant where none is named', z.strictObject({ profile: id }), done),
  'profile.rename': command('Rename a network', z.strictObject({ profile: id, name: text(64) }), done),
  'profile.mark': command('Change the colour of a network, the suffix of its names on this machine, whether programs here find its devices by name, or whether it is connected when the app starts', z.strictObject({ profile: id, colour: z.enum(networkColours).optional(), suffix: z.string().max(120).optional(), names: z.boolean().optional(), autoConnect: z.boolean().optional() }), done),
  'profile.port': command('Give a network that is not connected another WireGuard port on this machine: the given one, else one that is free', z.strictObject({ profile: id.optional(), wireguardPort: port.optional() }), z.object({ wireguardPort: port })),
  'profile.remove': command('Forget a network on this machine', z.strictObject({ profile: id }), done),
  'peer.ping': command('Measure the round trip to a peer through the tunnel', within({ id: text(253) }), z.object({ latencyMs: z.number() })),
  'peer.paths': command('Measure each path to a peer, and say which is in use and why', within({
    id: text(253),
    count: z.number().int().min(1).max(100).optional(),
    mtu: z.boolean().optional(),
  }), z.object({ paths: z.array(z.custom<PathPing>()), mtu: z.number().nullable() })),
  'peer.retry': command('Look for a better path to a peer now', within({ id: text(253) }), done),
  'peer.favourite': command('Mark a peer as a favourite, or no longer', within({ peer: text(253), on: z.boolean() }), done),
  'network.check': command("Find out what this machine's network lets through", within({}), z.object({ check: z.custom<NetcheckView>() })),
  'forward.open': command('Carry connections to a port of this machine to an address that a peer reaches', within({
    peer: text(253),
    protocol: z.enum(['tcp', 'udp']).optional(),
    localAddress: text(45).optional(),
    localPort: z.number().int().min(0).max(65535).optional(),
    remoteAddress: text(45).optional(),
    remotePort: port,
  }), z.object({ forward: z.custom<ForwardView>() })),
  'forward.close': command('End a forward', z.strictObject({ id }), done),
  'offers.set': command('Choose what this machine does for the members of a network', within({
    iceNegotiation: z.boolean().optional(),
    turnServer: z.boolean().optional(),
    meshDns: z.boolean().optional(),
    prometheus: z.boolean().optional(),
    relayMbit: z.number().int().min(0).max(10_000).optional(),
    shares: z.array(z.string().trim().regex(/^(tcp|udp) (\[[0-9a-fA-F:]{2,39}\]|[0-9.]{7,15}):[0-9]{1,5}$/)).max(32).optional(),
  }), done),
  'peer.metrics': command('Ask a peer for its metrics', within({ id: text(253) }), z.object({ metrics: z.unknown() })),
  'history.read': command('What was measured in the last day, minute by minute', within({ about: historyAbout, fromMs: time.optional(), toMs: time.optional() }), z.object({ history: z.custom<HistoryView>() })),
  'history.export': command('Write what was measured to a file of comma-separated values', within({ about: historyAbout, fromMs: time.optional(), toMs: time.optional() }), z.object({ path: z.string() })),
  'history.clear': command('Forget what was measured', within({}), done),
  'settings.update': command('Change settings', z.strictObject({
    theme: theme.optional(),
    language: language.optional(),
    startAtLogin: z.boolean().optional(),
    stayConnected: z.boolean().optional(),
    closeExplained: z.boolean().optional(),
    notifications: z.boolean().optional(),
    notifyConnection: z.boolean().optional(),
    notifyDevices: z.boolean().optional(),
    notifyExpiry: z.boolean().optional(),
    notifyService: z.boolean().optional(),
    updates: z.enum(['off', 'tell']).optional(),
    logLevel: z.enum(['debug', 'info', 'warn', 'error']).optional(),
  }), done),
  'health.dismiss': command('Put a hint away until the app ends', z.strictObject({ id: text(300) }), done),
  'helper.start': command("Start the system service that makes the tunnel; the system's own window asks for permission", nothing, done),
  'update.check': command('Look for a newer version of this app now; nothing is downloaded', nothing, done),
  'update.download': command('Download the newer version that was found, and verify it; nothing is installed', nothing, done),
  'update.dismiss': command('Put the newer version away: a download stops, and what was downloaded is removed', nothing, done),
  'diagnostics.logs': command('The newest log lines', z.strictObject({ lines: z.number().int().min(1).max(5000).optional() }), z.object({ lines: z.array(z.string()) })),
  'diagnostics.export': command('Write a report without secrets', nothing, z.object({ path: z.string() })),
  'app.quit': command('Disconnect and end the app', nothing, done),
} as const;

export type Commands = typeof commands;
export type CommandName = keyof Commands;
export type Input<K extends CommandName> = z.input<Commands[K]['input']>;
export type Parsed<K extends CommandName> = z.output<Commands[K]['input']>;
export type Output<K extends CommandName> = z.output<Commands[K]['output']>;
/** What the core provides: one handler a row. The input was parsed; the signal aborts when the caller went away. */
export type Handlers = { readonly [K in CommandName]: (input: Parsed<K>, signal: AbortSignal) => Promise<Output<K>> };

export function isCommandName(name: unknown): name is CommandName {
  return typeof name === 'string' && Object.hasOwn(commands, name);
}
