import { type Cancel, type Clock } from '../../src/base/clock.ts';
import { failure } from '../../src/base/failure.ts';
import { type Names } from '../../src/helper/dns/names.ts';
import { type FenceFile, type JournalFile, type Keys, type MachineFacts, type TunnelKey, type TunnelPlace } from '../../src/helper/ports.ts';
import { Secret } from '../../src/base/log.ts';
import { type Device, type EngineChoice } from '../../src/helper/tunnel/device.ts';
import { type Applied, type Step, after } from '../../src/helper/tunnel/reconcile.ts';
import { type EngineName, type MachineRoute } from '../../src/helper/tunnel/system.ts';

/** A clock that moves only when told. */
export class ManualClock implements Clock {
  private now = 0;
  private waiting: { readonly atMs: number; readonly run: () => void }[] = [];

  nowMs(): number {
    return this.now;
  }

  monotonicMs(): number {
    return this.now;
  }

  after(delayMs: number, run: () => void): Cancel {
    const entry = { atMs: this.now + delayMs, run };
    this.waiting.push(entry);
    return () => {
      this.waiting = this.waiting.filter((other) => other !== entry);
    };
  }

  /** Lets time pass; what became due runs in order, with room for promises in between. */
  async pass(ms: number): Promise<void> {
    const end = this.now + ms;
    for (;;) {
      const next = this.waiting.filter(({ atMs }) => atMs <= end).sort((a, b) => a.atMs - b.atMs)[0];
      if (next === undefined) break;
      this.waiting = this.waiting.filter((entry) => entry !== next);
      this.now = Math.max(this.now, next.atMs);
      next.run();
      await settle();
    }
    this.now = end;
    await settle();
  }
}

/** Lets everything that is ready run. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await new Promise<void>((resolve) => setImmediate(resolve));
}

/** A machine in memory: it applies steps to a value, can be told to fail, and writes down what happened in which order. */
export class FakeMachine implements Device {
  applied: Applied | null = null;
  readonly diary: string[];
  /** Fails the next step of this kind with this failure, after or before it took effect. */
  failNext: { readonly kind: Step['kind']; readonly halfDone: boolean; readonly code?: 'tunnel.failed' | 'tunnel.engine-missing' } | null = null;
  engine: EngineName | null = 'wireguard-go';
  machineRoutes: MachineRoute[] = [];
  handshakes = new Map<string, bigint>();
  /** What the engine counted for each peer since it has it. */
  bytes = new Map<string, bigint>();
  silent = false;

  constructor(diary: string[] = []) {
    this.diary = diary;
  }

  async choose(): Promise<EngineChoice> {
    return this.engine === null ? { code: 'tunnel.engine-missing', problem: 'no engine' } : { engine: this.engine, version: '1' };
  }

  async perform(step: Step, engine: EngineName): Promise<void> {
    this.diary.push(`${step.kind}${engine === 'kernel' ? ' (kernel)' : ''}`);
    const failing = this.failNext?.kind === step.kind ? this.failNext : null;
    if (failing !== null) this.failNext = null;
    if (failing === null || failing.halfDone) {
      this.applied = after(this.applied, step);
      this.forget(step);
    }
    if (failing !== null) throw failure(failing.code ?? 'tunnel.failed', { step: step.kind });
  }

  async read() {
    if (this.silent || this.applied === null) throw failure('tunnel.failed', { step: 'configure' });
    const peers = (this.applied.peers ?? []).map((peer) => ({ ...peer, lastHandshakeMs: this.handshakes.get(peer.publicKey) ?? 0n, receiveBytes: this.bytes.get(peer.publicKey) ?? 0n, transmitBytes: 0n }));
    return { listenPort: this.applied.listenPort ?? 0, peers };
  }

  async routes(): Promise<readonly MachineRoute[]> {
    return this.machineRoutes;
  }

  /** Engines know nothing of a peer that they had to remove, even when it comes back at once. */
  private forget(step: Step): void {
    for (const key of step.kind === 'set-peers' ? step.remove : []) {
      this.handshakes.delete(key);
      this.bytes.delete(key);
    }
  }
}

export class FakeJournalFile implements JournalFile {
  text: string | undefined;
  readonly diary: string[];
  readonly asides: string[] = [];

  constructor(diary: string[] = []) {
    this.diary = diary;
  }

  async read(): Promise<string | undefined> {
    return this.text;
  }

  async append(text: string): Promise<void> {
    this.diary.push('journal');
    this.text = (this.text ?? '') + text;
  }

  async remove(): Promise<void> {
    this.diary.push('journal-removed');
    this.text = undefined;
  }

  async setAside(): Promise<string> {
    this.asides.push(this.text ?? '');
    this.text = undefined;
    return 'journal.damaged-1';
  }
}

export class FakeFenceFile implements FenceFile {
  text: string | undefined;

  async read(): Promise<string | undefined> {
    return this.text;
  }

  async write(text: string): Promise<void> {
    this.text = text;
  }
}

/** Keys in memory: the present one of a tunnel is `public-<id>`, a next one has a number behind it. */
export class FakeKeys implements Keys {
  readonly present = new Map<string, string>();
  readonly waiting = new Map<string, string>();
  private made = 0;
  failPromote = false;

  async of(place: TunnelPlace): Promise<TunnelKey> {
    return keyOf(place, this.present.get(nameOf(place)) ?? `public-${place.tunnelId}`);
  }

  async next(place: TunnelPlace, make: boolean): Promise<TunnelKey | undefined> {
    if (make && !this.waiting.has(nameOf(place))) this.waiting.set(nameOf(place), `public-${place.tunnelId}-${++this.made}`);
    const waiting = this.waiting.get(nameOf(place));
    return waiting === undefined ? undefined : keyOf(place, waiting);
  }

  async named(place: TunnelPlace, publicKey: string): Promise<TunnelKey> {
    const found = [await this.of(place), await this.next(place, false)].find((key) => key?.publicKey === publicKey);
    if (found === undefined) throw failure('input.invalid', { field: 'public_key' });
    return found;
  }

  async promote(place: TunnelPlace, publicKey: string): Promise<void> {
    if (this.failPromote) throw failure('internal.storage', {});
    if (this.waiting.get(nameOf(place)) !== publicKey) return;
    this.present.set(nameOf(place), publicKey);
    this.waiting.delete(nameOf(place));
  }

  async known(): Promise<readonly string[]> {
    return ['abc'];
  }
}

function nameOf({ uid, tunnelId }: TunnelPlace): string {
  return `${uid}/${tunnelId}`;
}

function keyOf(place: TunnelPlace, publicKey: string): TunnelKey {
  return { publicKey, privateKey: new Secret('AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA='), path: `/keys/${nameOf(place)}`, madeMs: 1 };
}

export const fakeKeys: Keys = new FakeKeys();

export const fakeFacts: MachineFacts = { kernelWireguard: async () => false, ipv6: async () => true, deviceExists: async () => false, udpPortFree: async () => true };

/** A resolver that nobody asks for anything. */
export const noNames: Names = { want: () => {}, forget: async () => {}, of: () => ({ keeper: '', problem: '' }), look: () => {}, recover: async () => true };
