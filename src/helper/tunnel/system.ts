import { type Failure } from '../../base/failure.ts';
import { type Secret } from '../../base/log.ts';
import { type IpChange } from '../ports.ts';
import { type Step } from './reconcile.ts';

/** Who moves the packets: the kernel, or wireguard-go with a configuration socket. */
export type EngineName = 'kernel' | 'wireguard-go';

/** One thing to do on the machine for a step. */
export type Action =
  | { readonly kind: 'run'; readonly argv: readonly string[]; readonly input?: Secret; readonly tolerate?: RegExp }
  | { readonly kind: 'ip'; readonly change: IpChange; readonly tolerate?: readonly number[] }
  | { readonly kind: 'uapi'; readonly request: Secret }
  | { readonly kind: 'start-engine' | 'stop-engine' };

export interface ActionKeys {
  readonly privateKey: Secret;
  /** A file only root can read. */
  readonly privateKeyPath: string;
}

/** A network that the machine already sends somewhere. */
export interface MachineRoute {
  readonly network: string;
  readonly device: string;
  /** True for an address of this machine itself. */
  readonly own: boolean;
}

/** What a program wrote, what the engine answered, or what a call of the system did. */
export type StepProblem = { readonly stderr: string } | { readonly errno: number } | { readonly code: number };

/** What one operating system needs for a tunnel, as pure text: nothing here touches the machine. */
export interface System {
  /** The interface name of a tunnel. Ids are random, so names collide neither on this machine nor between network namespaces. */
  deviceName(tunnelId: string): string;
  actions(step: Step, engine: EngineName, keys: ActionKeys): readonly Action[];
  /** Why a program, the engine or a call of a step failed, in the product's words. `code` is the system's own number. */
  failureOf(step: Step, problem: StepProblem): Failure;
  /** Null where routes are read by calls. */
  readonly routeQueries: readonly (readonly string[])[] | null;
  parseRoutes(outputs: readonly string[]): readonly MachineRoute[];
}
