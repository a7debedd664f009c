import { type Secret } from '../base/log.ts';

/** Runs a program without a shell, from the system's own folders only, with a deadline. Rejects only when it could not be started. */
export interface CommandRunner {
  run(command: Command): Promise<CommandResult>;
}

export interface Command {
  readonly argv: readonly string[];
  /** What the program reads as standard input, which it may also open as a file. Never on the command line: other users can read that. */
  readonly input?: Secret;
}

export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The machine's resolver and the files around it. */
export interface NameMachine {
  /** Rejects when the program is not there or could not be started. */
  run(command: Command): Promise<CommandResult>;
  /** Undefined when there is none, or none that is a plain file. */
  readText(path: string): string | undefined;
  /** Makes or replaces a file of root's that everybody can read; its folder is made when it is missing. */
  writeText(path: string, text: string): void;
  remove(path: string): void;
  /** Another text whenever something else has come to be at the path; empty when nothing is there. */
  birthOf(path: string): string;
}

/** Addresses, routes and settings of interfaces by the system's own calls, where it has those instead of programs: on Windows. */
export interface IpSettings {
  /** 0, or the system's number of what went wrong. An interface that was just made, and is not ready for addresses, is waited for. */
  change(change: IpChange): Promise<number>;
  /** Where the machine sends what; `own` for an address of its own. */
  routes(): readonly { readonly network: string; readonly device: string; readonly own: boolean }[];
}

export type IpChange =
  | { readonly what: 'add-address' | 'remove-address'; readonly device: string; readonly address: string }
  | { readonly what: 'add-route' | 'remove-route'; readonly device: string; readonly network: string }
  | { readonly what: 'set-interface'; readonly device: string; readonly family: 4 | 6; readonly mtu: number };

/** The configuration socket of a user space engine (the WireGuard cross-platform interface). */
export interface UapiSocket {
  /** Sends a whole request and resolves with the whole answer, errno line included. Rejects when there is no engine. */
  exchange(device: string, request: Secret): Promise<string>;
}

/** The user space engine as a process of its own, named after the device that it makes. */
export interface EngineProcesses {
  /** The engine's path and version, or why there is none. */
  find(): Promise<EngineFound>;
  /** Resolves when the engine answers. Rejects with a Failure when it cannot, having left nothing. */
  start(device: string): Promise<RunningEngine>;
  /** Ends what an earlier life of this helper left for that device: the process, and the socket that nobody answers on. */
  stopStray(device: string): Promise<void>;
}

export type EngineFound = { readonly path: string; readonly version: string } | EngineProblem;

export interface EngineProblem {
  readonly code: 'tunnel.engine-missing' | 'tunnel.not-permitted';
  readonly problem: string;
}

export interface RunningEngine {
  /** Resolves with one sentence when the engine ends, wanted or not. */
  readonly ended: Promise<string>;
  stop(): Promise<void>;
}

/** What the system itself can do, asked once per apply. */
export interface MachineFacts {
  /** True when WireGuard is in this kernel (or is a module of it) and the tools to set it up are there. */
  kernelWireguard(): Promise<boolean>;
  /** False where IPv6 is switched off for new devices: IPv6 parts of a tunnel are then left out. */
  ipv6(): Promise<boolean>;
  /** False when another program holds a UDP port on all addresses, or on one. */
  udpPortFree(port: number): Promise<boolean>;
  deviceExists(device: string): Promise<boolean>;
}

/** Whose tunnel: users of one machine share neither keys nor data, also when they name the same id. */
export interface TunnelPlace {
  readonly uid: number;
  readonly tunnelId: string;
}

/**
 * The WireGuard keys of this machine's tunnels. The private half never leaves this process but into the engine. A tunnel has one present
 * key and at most one next key; the next one replaces the present in one step, and nothing is left of the old one.
 */
export interface Keys {
  /** The present key, made on first use. Rejects with input.limit when this user has too many. */
  of(place: TunnelPlace): Promise<TunnelKey>;
  /** The next key; made when `make` is set and none waits, else undefined. */
  next(place: TunnelPlace, make: boolean): Promise<TunnelKey | undefined>;
  /** The present or the next key, whichever has this public half. Rejects with input.invalid for any other. */
  named(place: TunnelPlace, publicKey: string): Promise<TunnelKey>;
  /** Makes the key the present one, if it is the next. A crash leaves both as they were, or the new one alone. */
  promote(place: TunnelPlace, publicKey: string): Promise<void>;
  /** The id of every tunnel that has a key, whoever's it is. */
  known(): Promise<readonly string[]>;
}

export interface TunnelKey {
  readonly publicKey: string;
  readonly privateKey: Secret;
  /** A file with the private key that only root can read. */
  readonly path: string;
  /** Milliseconds since 1970. */
  readonly madeMs: number;
}

/** A small file that survives a crash. */
export interface JournalFile {
  read(): Promise<string | undefined>;
  /** Appends and resolves when the text is on the disk. */
  append(text: string): Promise<void>;
  remove(): Promise<void>;
  /** Moves a damaged file out of the way and answers its new name. */
  setAside(): Promise<string>;
}

/** One journal for each tunnel id. */
export interface JournalFiles {
  of(tunnelId: string): JournalFile;
  /** What earlier lives left: also the one journal of versions that had one tunnel. */
  left(): Promise<readonly JournalFile[]>;
}

/** Where the newest generations are kept between two lives of the helper. */
export interface FenceFile {
  read(): Promise<string | undefined>;
  write(text: string): Promise<void>;
}

/** Starts the unprivileged node process. */
export interface NodeProcesses {
  /** Makes its folders for the unprivileged user and starts it. Rejects with node.start-failed. */
  start(place: TunnelPlace, hear: NodeEars): Promise<NodeProcess>;
  /** Ends all that an earlier life of this helper left running. */
  stopStray(): Promise<void>;
}

export interface NodeEars {
  /** One line of standard output. */
  report(line: string): void;
  /** One line of standard error: its log. */
  log(line: string): void;
  /** One line about what keeps it in: JSON {layers, missing}. */
  confined(line: string): void;
}

export interface NodeProcess {
  readonly pid: number;
  readonly dataDir: string;
  readonly socketPath: string;
  readonly ended: Promise<NodeEnd>;
  /** Writes one line. A line that does not fit is replaced by the next one: only the newest matters. */
  send(line: string): void;
  endInput(): void;
  kill(signal: 'SIGTERM' | 'SIGKILL'): void;
}

export interface NodeEnd {
  readonly code: number | null;
  readonly signal: string | null;
}
