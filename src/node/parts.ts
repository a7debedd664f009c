import { type ReadCell } from '../base/cell.ts';
import { type Failure } from '../base/failure.ts';
import { type Feature } from '../gen/v1/mesh_messages.ts';
import { type NodeConfig } from './config.ts';

/**
 * One thing that a node does beside consensus and its API: paths, mesh DNS, TURN, the metrics endpoint. It starts when it is made, follows
 * the configuration, tries again by itself what failed, and says what it really offers at this moment.
 */
export interface Part {
  readonly name: string;
  /** What it offers now: a feature is advertised while it answers, and not before. */
  readonly features: ReadCell<readonly Feature[]>;
  /** Why it does not do what is wanted, or null. */
  readonly problem: ReadCell<Failure | null>;
  update(config: NodeConfig): void;
  close(): Promise<void>;
}
