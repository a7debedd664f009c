import channel from '../../../resources/update/channel.json' with { type: 'json' };
import root from '../../../resources/update/root.json' with { type: 'json' };
import type { Updates } from '../../base/update.ts';
import { thisMachine } from './machine.ts';
import { createUpdates, type UpdatesOptions } from './updates.ts';

/** Updates as this build knows them: its root of trust and its release address are part of the program, not files beside it. */
export function shippedUpdates(options: Pick<UpdatesOptions, 'folder' | 'current' | 'clock'>): Updates {
  return createUpdates({ ...options, address: channel.address, root: JSON.stringify(root), machine: thisMachine() });
}
