import { abortError } from '../../base/abort.ts';
import { type Cancel, type Clock } from '../../base/clock.ts';
import { type Log } from '../../base/log.ts';
import { type Connection, type Sockets } from '../ports.ts';
import { decodeAnswer, encodeRequest, type RequestMessage } from './codec.ts';
import { Frames } from './frames.ts';
import { DecodeError } from './msgpack.ts';
import { type Proof, type TransportEvents } from './transport.ts';

export const outboundLimits = {
  dialMs: 2_000,
  answerMs: 2_000,
  /** A snapshot's answer may take this long for each so many bytes, and never less than `answerMs`. */
  snapshotStepBytes: 262_144,
  inFlightMax: 64,
  inFlightBytesMax: 32 * 1024 * 1024,
  backOffFirstMs: 50,
  backOffLastMs: 1_000,
  snapshotChunkBytes: 65_536,
} as const;

/** One connection to one peer that is kept while it works: requests leave at once, answers come back in the same order. */
export interface Lane {
  /** False: not taken, because the peer was just out of reach or too much is in flight. */
  send(request: RequestMessage, bytes: Uint8Array): boolean;
  /** Closes the connection. What is in flight is unanswered. */
  close(): void;
}

export interface LanePorts {
  readonly sockets: Sockets;
  /** The member that must prove itself there; means nothing in clear text. */
  readonly expectId: string;
  /** Whether what was dialled may be spoken to. Left out: it may. */
  readonly trusts?: (proof: Proof) => boolean;
  readonly clock: Clock;
  readonly log: Log;
  /** This node's advertised address, for headers. */
  readonly address: () => string;
  readonly events: Pick<TransportEvents, 'receive'> & { unanswered(request: RequestMessage): void };
}

/** Becomes a frame when it is written: what waits for a machine that is off shares its entries with the log, and costs nothing more. */
interface InFlight {
  readonly request: RequestMessage;
  readonly bytes: Uint8Array;
  /** About what it takes on the wire. */
  readonly size: number;
}

const nothing = new Uint8Array();
/** Of an entry's other fields. */
const entryOverheadBytes = 96;

/** Opens on first use. After a failure it refuses for a back-off of 50 ms, doubling to 1 s while nothing is answered. */
export function openLane(host: string, port: number, { sockets, expectId, trusts = () => true, clock, log, address, events }: LanePorts, inFlightMax: number): Lane {
  let connection: Connection | undefined;
  let dialling: AbortController | undefined;
  let inFlight: InFlight[] = [];
  let frames = new Frames();
  let stopTimer: Cancel = () => {};
  let failures = 0;
  let closedUntilMs = 0;
  let toStream: { readonly bytes: Uint8Array; at: number } | undefined;

  function send(request: RequestMessage, bytes: Uint8Array): boolean {
    const size = sizeOf(request) + bytes.length;
    const queued = inFlight.reduce((sum, entry) => sum + entry.size, 0);
    const full = inFlight.length >= inFlightMax || (inFlight.length > 0 && queued + size > outboundLimits.inFlightBytesMax);
    if (full || clock.monotonicMs() < closedUntilMs) return false;
    const entry: InFlight = { request, bytes, size };
    inFlight.push(entry);
    if (connection) write(entry);
    else if (!dialling) void dial();
    return true;
  }

  async function dial(): Promise<void> {
    const attempt = new AbortController();
    dialling = attempt;
    stopTimer = clock.after(outboundLimits.dialMs, () => attempt.abort(abortError('dial took too long')));
    try {
      const dialled = await sockets.connect(host, port, expectId, attempt.signal);
      if (dialling !== attempt) return dialled.destroy();
      stopTimer();
      dialling = undefined;
      if (trusts(dialled)) return opened(dialled);
      dialled.destroy();
      broken('its certificate ended, and is not one that may still be used');
    } catch (error) {
      // An aborted dial is a failed one too, unless close() gave it up.
      if (dialling === attempt) broken(error instanceof Error ? error.message : String(error));
    }
  }

  function opened(dialled: Connection): void {
    connection = dialled;
    frames = new Frames();
    dialled.listen({
      data: (bytes) => {
        if (connection !== dialled) return;
        frames.push(bytes);
        readAnswers();
      },
      drained: () => connection === dialled && stream(),
      closed: (error) => connection === dialled && broken(error?.message ?? 'closed by the peer'),
    });
    for (const entry of [...inFlight]) write(entry);
  }

  function write(entry: InFlight): void {
    connection?.write(encodeRequest(entry.request, address(), entry.bytes.length));
    if (entry.bytes.length > 0) {
      toStream = { bytes: entry.bytes, at: 0 };
      stream();
    }
    if (inFlight[0] === entry) awaitAnswer(entry);
  }

  /** Writes the rest of a snapshot as fast as the connection takes it. */
  function stream(): void {
    while (connection && toStream) {
      const chunk = toStream.bytes.subarray(toStream.at, toStream.at + outboundLimits.snapshotChunkBytes);
      toStream.at += chunk.length;
      if (toStream.at >= toStream.bytes.length) toStream = undefined;
      if (!connection.write(chunk)) return;
    }
  }

  /** The deadline runs for the oldest request alone: those behind it wait for the same disk. */
  function awaitAnswer({ bytes }: InFlight): void {
    stopTimer();
    const steps = Math.floor(bytes.length / outboundLimits.snapshotStepBytes);
    stopTimer = clock.after(outboundLimits.answerMs * Math.max(1, steps), () => broken('no answer in time'));
  }

  function readAnswers(): void {
    try {
      for (let payload = frames.values(2); payload !== undefined; payload = frames.values(2)) answered(payload);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      broken(error.message);
    }
  }

  function answered(payload: Uint8Array): void {
    const entry = inFlight[0];
    if (!entry) throw new DecodeError('an answer that nobody asked for');
    const message = decodeAnswer(payload, entry.request);
    inFlight.shift();
    failures = 0;
    stopTimer();
    if (inFlight[0]) awaitAnswer(inFlight[0]);
    // A snapshot's connection ends with its answer, as Go ends it.
    if (entry.request.kind === 'snapshot') close();
    if (message) events.receive(message, null);
  }

  /** Drops the connection and everything in flight, and stays closed for a while. */
  function broken(problem: string): void {
    const idle = inFlight.length === 0;
    log.debug('peer-lost', { peer: `${host}:${port}`, problem, inFlight: inFlight.length });
    // A kept connection that the peer closed while nothing was asked is no failure of the peer.
    if (!idle) {
      closedUntilMs = clock.monotonicMs() + Math.min(outboundLimits.backOffLastMs, outboundLimits.backOffFirstMs * 2 ** Math.min(failures, 10));
      failures++;
    }
    close();
  }

  function close(): void {
    stopTimer();
    dialling?.abort(abortError());
    connection?.destroy();
    const lost = inFlight;
    dialling = undefined;
    connection = undefined;
    toStream = undefined;
    inFlight = [];
    for (const { request } of lost) events.unanswered(request);
  }

  return { send, close };
}

function sizeOf(request: RequestMessage): number {
  return request.kind === 'append' ? request.entries.reduce((sum, { data }) => sum + data.length + entryOverheadBytes, 0) : 0;
}

/** A peer's three lanes: log replication and heartbeats; votes and transfer, which must not wait behind it; and snapshots. */
export interface Peer {
  readonly address: string;
  send(request: RequestMessage, snapshotBytes: Uint8Array | undefined): boolean;
  close(): void;
}

export function openPeer(address: string, host: string, port: number, ports: LanePorts): Peer {
  const log = openLane(host, port, ports, outboundLimits.inFlightMax);
  const control = openLane(host, port, ports, outboundLimits.inFlightMax);
  const snapshots = openLane(host, port, ports, 1);
  return {
    address,
    send: (request, snapshotBytes) => {
      switch (request.kind) {
        case 'append':
        case 'heartbeat':
          return log.send(request, nothing);
        case 'vote':
        case 'timeout-now':
          return control.send(request, nothing);
        case 'snapshot':
          return snapshots.send(request, snapshotBytes ?? nothing);
      }
    },
    close: () => {
      for (const lane of [log, control, snapshots]) lane.close();
    },
  };
}
