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

/** The WireGuard keys of this machine's tunnels. The private half never leaves this process but into the engine. */
export interface Keys {
  /** Made on first use. */
  of(tunnelId: string): Promise<TunnelKey>;
  /** Every tunnel that has a key. */
  known(): Promise<readonly string[]>;
}

export interface TunnelKey {
  readonly publicKey: string;
  readonly privateKey: Secret;
  /** A file with the private key that only root can read. */
  readonly path: string;
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

/** Where the newest generations are kept between two lives of the helper. */
export interface FenceFile {
  read(): Promise<string | undefined>;
  write(text: string): Promise<void>;
}

/** Starts the unprivileged node process. */
export interface NodeProcesses {
  /** Makes its folders for the unprivileged user and starts it. Rejects with node.start-failed. */
  start(tunnelId: string, hear: NodeEars): Promise<NodeProcess>;
  /** Ends what an earlier life of this helper left running. */
  stopStray(): Promise<void>;
}

export interface NodeEars {
  /** One line of standard output. */
  report(line: string): void;
  /** One line of standard error: its log. */
  log(line: string): void;
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
