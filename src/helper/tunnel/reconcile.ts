import { unreachable } from '../../base/assert.ts';
import { type TunnelPlace } from '../ports.ts';
import { type WantedPeer, type WantedTunnel } from './spec.ts';

/** One change of the machine. The system files turn it into programs' arguments or configuration text. */
export type Step =
  | { readonly kind: 'add-device'; readonly device: string; readonly place: TunnelPlace }
  | { readonly kind: 'remove-device'; readonly device: string }
  | { readonly kind: 'set-identity'; readonly device: string; readonly place: TunnelPlace; readonly publicKey: string; readonly listenPort: number }
  | { readonly kind: 'add-address' | 'remove-address'; readonly device: string; readonly address: string }
  | { readonly kind: 'bring-up'; readonly device: string; readonly mtu: number }
  | { readonly kind: 'add-route' | 'remove-route'; readonly device: string; readonly network: string }
  | PeersStep;

/** Happens in this order. A key that is in `remove` and in `set` is made anew: the engine forgets its session, its handshake and its counters. */
export interface PeersStep {
  readonly kind: 'set-peers';
  readonly device: string;
  readonly remove: readonly string[];
  /** Peers that get an endpoint and nothing else, so that their sessions and allowed IPs are not touched: no packet is lost. */
  readonly move: readonly WantedPeer[];
  readonly set: readonly WantedPeer[];
}

/** What is on the machine. `null` parts are unknown or not yet set; unknown peers are read from the engine before the next reconciliation. */
export interface Applied {
  readonly place: TunnelPlace;
  readonly device: string;
  /** Of the key that the engine has. */
  readonly publicKey: string | null;
  readonly listenPort: number | null;
  readonly addresses: readonly string[];
  readonly mtu: number | null;
  readonly routes: readonly string[];
  readonly peers: readonly WantedPeer[] | null;
}

/**
 * The ordered steps from what is applied to what is wanted (`null`: nothing). Removals come first and in reverse, then device, key and
 * port, addresses, link, routes; peers come last, because WireGuard repeats a lost first handshake only after five seconds, so none may
 * start before the device can answer. `shaken` holds the keys of peers that have had a handshake.
 */
export function reconcile(applied: Applied | null, wanted: WantedTunnel | null, shaken: ReadonlySet<string>): readonly Step[] {
  if (applied !== null && !(wanted !== null && samePlace(wanted.place, applied.place))) return [...removal(applied), ...reconcile(null, wanted, shaken)];
  if (wanted === null) return [];
  const { device, place, publicKey, listenPort } = wanted;
  const now = applied ?? emptyTunnel(wanted);
  const steps: Step[] = [];
  for (const network of without(now.routes, wanted.routes).reverse()) steps.push({ kind: 'remove-route', device, network });
  for (const address of without(now.addresses, wanted.addresses).reverse()) steps.push({ kind: 'remove-address', device, address });
  if (applied === null) steps.push({ kind: 'add-device', device, place });
  if (now.listenPort !== listenPort || now.publicKey !== publicKey) steps.push({ kind: 'set-identity', device, place, publicKey, listenPort });
  for (const address of without(wanted.addresses, now.addresses)) steps.push({ kind: 'add-address', device, address });
  if (now.mtu !== wanted.mtu) steps.push({ kind: 'bring-up', device, mtu: wanted.mtu });
  for (const network of without(wanted.routes, now.routes)) steps.push({ kind: 'add-route', device, network });
  const peers = peersStep(device, now.peers ?? [], wanted.peers, shaken);
  if (peers !== null) steps.push(peers);
  return steps;
}

/** What is applied once a step succeeded. */
export function after(applied: Applied | null, step: Step): Applied | null {
  if (step.kind === 'add-device') return emptyTunnel(step);
  if (applied === null || step.kind === 'remove-device') return null;
  switch (step.kind) {
    case 'set-identity': return { ...applied, publicKey: step.publicKey, listenPort: step.listenPort };
    case 'add-address': return { ...applied, addresses: [...applied.addresses, step.address] };
    case 'remove-address': return { ...applied, addresses: applied.addresses.filter((address) => address !== step.address) };
    case 'bring-up': return { ...applied, mtu: step.mtu };
    case 'add-route': return { ...applied, routes: [...applied.routes, step.network] };
    case 'remove-route': return { ...applied, routes: applied.routes.filter((network) => network !== step.network) };
    case 'set-peers': return { ...applied, peers: peersAfter(applied.peers, step) };
    default: return unreachable(step);
  }
}

/**
 * What may be applied after a step failed half-way: additions count as done, so that going back removes them; settings become unknown;
 * removals count as done too, once the caller has tried them again.
 */
export function suspect(applied: Applied | null, step: Step): Applied | null {
  switch (step.kind) {
    case 'set-identity': return applied && { ...applied, publicKey: null, listenPort: null };
    case 'bring-up': return applied && { ...applied, mtu: null };
    case 'set-peers': return applied && { ...applied, peers: null };
    default: return after(applied, step);
  }
}

/** The step that takes back what this one adds; null where removing the device takes it back as well. */
export function undoOf(step: Step): Step | null {
  switch (step.kind) {
    case 'add-device': return { kind: 'remove-device', device: step.device };
    case 'add-address': return { kind: 'remove-address', device: step.device, address: step.address };
    case 'add-route': return { kind: 'remove-route', device: step.device, network: step.network };
    default: return null;
  }
}

export function isRemoval(step: Step): boolean {
  return step.kind === 'remove-device' || step.kind === 'remove-address' || step.kind === 'remove-route';
}

function removal(applied: Applied): readonly Step[] {
  const { device } = applied;
  return [
    ...[...applied.routes].reverse().map((network): Step => ({ kind: 'remove-route', device, network })),
    ...[...applied.addresses].reverse().map((address): Step => ({ kind: 'remove-address', device, address })),
    { kind: 'remove-device', device },
  ];
}

function peersStep(device: string, now: readonly WantedPeer[], wanted: readonly WantedPeer[], shaken: ReadonlySet<string>): PeersStep | null {
  const present = new Map(now.map((peer) => [peer.publicKey, peer]));
  const keep = new Set(wanted.map((peer) => peer.publicKey));
  const remove = now.map((peer) => peer.publicKey).filter((key) => !keep.has(key));
  const move: WantedPeer[] = [];
  const set: WantedPeer[] = [];
  for (const peer of wanted) {
    const change = changeOf(present.get(peer.publicKey), peer, shaken.has(peer.publicKey));
    if (change === 'anew') remove.push(peer.publicKey);
    if (change === 'move') move.push(peer);
    else if (change !== 'none') set.push(peer);
  }
  return remove.length + move.length + set.length === 0 ? null : { kind: 'set-peers', device, remove, move, set };
}

/** Compares wishes. The endpoint that a roaming peer has now is the engine's business and is not overwritten by an unchanged wish. */
function changeOf(before: WantedPeer | undefined, peer: WantedPeer, shaken: boolean): 'none' | 'set' | 'move' | 'anew' {
  if (before === undefined) return 'set';
  // A peer whose first handshake went to an old endpoint is made anew: the engine would wait out its five seconds otherwise.
  if (before.restart !== peer.restart || (before.endpoint !== peer.endpoint && !shaken)) return 'anew';
  if (before.keepaliveSeconds !== peer.keepaliveSeconds || !sameList(before.allowedIps, peer.allowedIps)) return 'set';
  return before.endpoint === peer.endpoint && before.push === peer.push ? 'none' : 'move';
}

function peersAfter(now: readonly WantedPeer[] | null, { remove, move, set }: PeersStep): readonly WantedPeer[] {
  const gone = new Set([...remove, ...move.map((peer) => peer.publicKey), ...set.map((peer) => peer.publicKey)]);
  return [...(now ?? []).filter((peer) => !gone.has(peer.publicKey)), ...move, ...set];
}

function sameList(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((item, i) => item === b[i]);
}

function samePlace(a: TunnelPlace, b: TunnelPlace): boolean {
  return a.uid === b.uid && a.tunnelId === b.tunnelId;
}

function emptyTunnel({ place, device }: { readonly place: TunnelPlace; readonly device: string }): Applied {
  return { place, device, publicKey: null, listenPort: null, addresses: [], mtu: null, routes: [], peers: [] };
}

function without(list: readonly string[], other: readonly string[]): string[] {
  const gone = new Set(other);
  return list.filter((item) => !gone.has(item));
}
