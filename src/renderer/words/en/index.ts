import { shared } from '../../../contract/words/en/index.ts';
import { app } from './app.ts';
import { audit } from './audit.ts';
import { check } from './check.ts';
import { common } from './common.ts';
import { connect } from './connect.ts';
import { device } from './device.ts';
import { diagnostics } from './diagnostics.ts';
import { firstRun } from './first-run.ts';
import { forwards } from './forwards.ts';
import { health } from './health.ts';
import { history } from './history.ts';
import { invites } from './invites.ts';
import { joining } from './joining.ts';
import { keys } from './keys.ts';
import { map } from './map.ts';
import { networks } from './networks.ts';
import { offers } from './offers.ts';
import { paths } from './paths.ts';
import { peer } from './peer.ts';
import { peers } from './peers.ts';
import { people } from './people.ts';
import { settings } from './settings.ts';
import { several } from './several.ts';
import { updates } from './updates.ts';

/** Every text of the page in English. Its shape is what every other language must have, no message less and none more. */
export const en = { shared, common, app, connect, firstRun, networks, peers, map, peer, paths, forwards, people, invites, joining, keys, audit, device, offers, check, history, health, several, settings, diagnostics, updates };

export type PageWords = typeof en;
