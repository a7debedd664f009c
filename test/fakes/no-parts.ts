import { cell } from '../../src/base/cell.ts';
import { Feature } from '../../src/gen/v1/mesh_messages.ts';
import { type NodeServicesPorts } from '../../src/node/rpc/services.ts';

/** Services of a node that has no parts beside them. */
export const noParts: Pick<NodeServicesPorts, 'features' | 'beside' | 'negotiateDataChannel'> = {
  features: cell([Feature.NODES]),
  beside: [],
  negotiateDataChannel: () => {
    throw new Error('this test negotiates no data channel');
  },
};
