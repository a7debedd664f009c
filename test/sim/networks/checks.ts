import { networksAtOnceMax } from '../../../src/contract/networks.ts';
import type { SessionTopic } from '../../../src/contract/state.ts';
import type { AppLife } from './app.ts';
import type { HelperLife } from './helper.ts';
import { deviceName, type Machine } from './machine.ts';
import type { Plan, PlannedNetwork } from './plan.ts';
import type { NetworksFigures } from './run.ts';

export interface Checks {
  always(app: AppLife | null, helper: HelperLife | null, nowMs: number): void;
  atEnd(app: AppLife | null, helper: HelperLife | null, wanted: readonly string[], figures: NetworksFigures): void;
}

/** How long a topic may be behind the machine: a device is missed within a second, and told to be gone when all of it is, five steps of up to three seconds. */
const noticeMs = 18_000;

/** What must hold at every moment, and what must have come true. What is looked at while steps happen is in `machine` and `helper`. */
export function createChecks(plan: Plan, machine: Machine): Checks {
  const say = (what: string): void => void machine.violations.push(what);
  const untrueSinceMs = new Map<string, number>();

  function always(app: AppLife | null, helper: HelperLife | null, nowMs: number): void {
    if (helper && helper.lanes.all().length > networksAtOnceMax) say(`the helper has ${helper.lanes.all().length} lanes`);
    if (app && app.networks.wanted().length > networksAtOnceMax) say(`${app.networks.wanted().length} networks are wished for`);
    for (const { id } of plan.networks) {
      const untrue = app?.networks.find(id)?.topics.session.get().phase === 'connected' && !machine.devices.has(deviceName(id));
      if (!untrue) untrueSinceMs.delete(id);
      else if (!untrueSinceMs.has(id)) untrueSinceMs.set(id, nowMs);
      if (nowMs - (untrueSinceMs.get(id) ?? nowMs) > noticeMs) say(`${id} is said to be connected and has no tunnel`);
    }
  }

  function atEnd(app: AppLife | null, helper: HelperLife | null, wanted: readonly string[], figures: NetworksFigures): void {
    if (!app || !helper) return say('the app or the helper is gone at the end');
    const kept = app.networks.wanted();
    if (kept.length !== wanted.length || wanted.some((id) => !kept.includes(id))) say(`wanted were ${wanted.join(' ')}, known is ${kept.join(' ')}`);
    const phases = new Map(wanted.map((id) => [id, app.networks.find(id)?.topics.session.get()]));
    for (const network of plan.networks) {
      const session = phases.get(network.id);
      if (!wanted.includes(network.id)) nothingLeft(network.id, helper);
      else if (session?.phase === 'connected') {
        whole(network, session);
        figures.connectedAtEnd++;
      } else figures.inTheWayAtEnd += notConnected(network, session, phases);
    }
  }

  function nothingLeft(id: string, { lanes }: HelperLife): void {
    if (machine.devices.has(deviceName(id))) say(`${id} is not wanted and has a tunnel`);
    if ([...machine.running.values()].includes(id)) say(`${id} is not wanted and has a node process`);
    if (machine.journals.get(id)?.text !== undefined) say(`${id} is not wanted and has a journal`);
    if (lanes.all().some(({ place }) => place.tunnelId === id)) say(`${id} is not wanted and has a lane`);
  }

  function whole({ id, net }: PlannedNetwork, { lease }: Extract<SessionTopic, { phase: 'connected' }>): void {
    const device = machine.devices.get(deviceName(id));
    if (lease.ipv4Network !== `10.${net}.0.0/16`) say(`${id} is connected with a lease of ${lease.ipv4Network}`);
    if (!device?.routes.includes(`10.${net}.0.0/16`) || !device.addresses.includes(`${lease.ipv4}/32`)) say(`${id} is connected, its tunnel is not whole`);
    if (![...machine.running.values()].includes(id)) say(`${id} is connected and has no node process`);
  }

  /** A wanted network that is not connected stands in a failure that is true. Answers 1 for one that another network is in the way of. */
  function notConnected(network: PlannedNetwork, session: SessionTopic | undefined, all: ReadonlyMap<string, SessionTopic | undefined>): number {
    if (session === undefined) {
      say(`${network.id} is wanted and has no session`);
      return 0;
    }
    if (session.phase === 'reconnecting' && network.id === plan.away) return 0;
    if (session.phase !== 'blocked') {
      say(`${network.id} is wanted, the phase is ${session.phase}`);
      return 0;
    }
    if (machine.devices.has(deviceName(network.id))) say(`${network.id} was refused and has a tunnel`);
    const { code, detail } = session.failure;
    const other = plan.networks.find(({ id }) => id === detail['tunnelId']);
    const there = other !== undefined && all.get(other.id)?.phase === 'connected';
    if (!there || !meet(code, network, other)) say(`${network.id} is blocked by ${code} ${JSON.stringify(detail)}, which is not so`);
    if (other && detail['device'] !== deviceName(other.id)) say(`${network.id} was refused because of ${other.id}, and told of ${detail['device']}`);
    return 1;
  }

  return { always, atEnd };
}

function meet(code: string, one: PlannedNetwork, other: PlannedNetwork): boolean {
  switch (code) {
    case 'tunnel.conflict': return one.net === other.net;
    // The other one may have been given the port that a person chose here.
    case 'tunnel.port-in-use': return one.chosen;
    default: return false;
  }
}

