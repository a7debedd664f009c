import { type Target } from '../target.ts';
import { channels } from './channels.ts';
import { contract } from './contract.ts';
import { core } from './core.ts';
import { dns } from './dns.ts';
import { helper } from './helper.ts';
import { metrics } from './metrics.ts';
import { nodeServices } from './services.ts';
import { protocols } from './protocols.ts';
import { raft } from './raft.ts';
import { relay } from './relay.ts';
import { shells } from './shells.ts';
import { state } from './state.ts';
import { texts } from './texts.ts';
import { trust } from './trust.ts';
import { updates } from './updates.ts';

/** Every parser of outside bytes. */
export const targets: readonly Target[] = [...protocols, ...nodeServices, ...raft, ...state, ...helper, ...core, ...contract, ...shells, ...texts, ...trust, ...dns, ...metrics, ...relay, ...channels, ...updates];
