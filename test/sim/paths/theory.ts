import { type SimNode } from './world.ts';

/** Theory, as the world knows it for sure: can two tunnels' ports reach each other? */
export function portsWork(a: SimNode, b: SimNode): boolean {
  const [x, y] = [a.station, b.station];
  if (x.router === y.router && ((x.ipv4 && y.ipv4) || (x.ipv6 && y.ipv6))) return true;
  if ([a, b].some((one) => one.kind() === 'blocked')) return false;
  if (x.ipv6 && y.ipv6) return true;
  if (!x.ipv4 || !y.ipv4) return false;
  const easy = (one: SimNode): boolean => one.kind() === 'open' || one.kind() === 'cone' || mappedAt(one);
  if (easy(a) || easy(b)) return true;
  const kinds = [a.kind(), b.kind()];
  if (!kinds.includes('hard')) return true;
  return kinds.includes('address');
}

function mappedAt(node: SimNode): boolean {
  return node.mapped() && node.station.router.forwards();
}
