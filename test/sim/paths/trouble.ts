import { between, chance, pick, type Random } from '../../../src/base/random.ts';
import { type VirtualClock } from '../session/clock.ts';
import { Router } from './nat.ts';
import { type SimNode, type World } from './world.ts';

/** One thing goes wrong; most of it comes right again by itself. Returns what. */
export function trouble(world: World, clock: VirtualClock, random: Random): string {
  const node = pick(random, world.nodes);
  const what = pick(random, ['reboot', 'reboot', 'host', 'sleep', 'move', 'offline', 'flap', 'carrier', 'carrier', 'node', 'wires', 'wake', 'key'] as const);
  // Peace heals everything at once; what would have come right later has nothing to do any more.
  const afterwards = (delayMs: number, run: () => unknown): void => void clock.after(delayMs, () => {
    if (world.troubled) run();
  });
  const later = (run: () => unknown): void => afterwards(between(random, 200, 12_000), run);
  switch (what) {
    case 'reboot':
      if (node.kind() !== 'open') node.station.router.reboot(chance(random, 0.5) ? node.station.router.publicIp : newIp(random));
      if (node.station.router.forwards()) for (const one of world.nodes) if (one.station.router === node.station.router && one.mapped()) one.map(`${node.station.router.publicIp}:51820`);
      break;
    case 'host': {
      const host = world.hosts()[0];
      if (!host || host.asleep) break;
      host.setUp(false);
      later(() => host.online || host.setUp(true));
      break;
    }
    case 'sleep':
      if (node.asleep) break;
      node.sleep();
      later(() => node.asleep && node.wake());
      break;
    case 'move': if (node.kind() !== 'open' && !node.asleep) move(world, node, clock, random); break;
    case 'offline': case 'flap':
      if (node.asleep) break;
      node.setUp(false);
      afterwards(what === 'flap' ? between(random, 50, 900) : between(random, 1_000, 20_000), () => node.online || node.setUp(true));
      break;
    case 'carrier': for (const end of node.loopback.values()) if (chance(random, 0.7)) end.die('drawn'); break;
    case 'node': if (!node.asleep) node.restartNode(); break;
    case 'wires': {
      world.network.wires = { latencyMs: between(random, 20, 300), jitterMs: between(random, 0, 150), loss: random.next() * 0.5, duplication: 0.1 };
      later(() => {
        world.network.wires = world.plan.wires;
      });
      break;
    }
    case 'wake': if (!node.asleep) node.move(); break;
    // Its tunnel lost every session, as after a restart of the engine.
    case 'key': for (const peer of [...node.wireguard.peers.values()]) node.wireguard.add(peer.key, peer.endpoint); break;
  }
  return `${what} ${node.id}`;
}

/** To another network: another router of another kind, another address. */
function move(world: World, node: SimNode, clock: VirtualClock, random: Random): void {
  const kind = pick(random, ['cone', 'address', 'port', 'port', 'hard'] as const);
  node.station.router = new Router(newIp(random), kind, chance(random, 0.5), clock, random);
  if (node.station.ipv4 !== null) node.station.ipv4 = `192.168.${between(random, 20, 250)}.${node.index + 10}`;
  if (node.station.ipv6 !== null) node.station.ipv6 = `2001:db8:${between(random, 20, 250)}::${node.index + 10}`;
  node.unmap();
  node.move();
  // The others hear of the new address through the log.
  for (const other of world.nodes) if (other !== node) clock.after(between(random, 300, 3_000), () => other.tellInputs());
}

function newIp(random: Random): string {
  return `203.0.${between(random, 114, 250)}.${between(random, 1, 254)}`;
}

/** Whatever was wrong is right again. */
export function heal(world: World): void {
  world.troubled = false;
  for (const node of world.nodes) {
    if (node.asleep) node.wake();
    if (!node.online) node.setUp(true);
    node.tellInputs();
  }
}
