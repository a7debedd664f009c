import { isAbort } from '../../base/abort.ts';
import { type Cancel, type Clock } from '../../base/clock.ts';
import { type Log } from '../../base/log.ts';
import { type NodeId } from '../../raft/types.ts';
import { type Connection } from '../ports.ts';
import {
  type AnswerMessage, type DecodedRequest, decodeRequest, encodeAnswer, encodeError, encodeTimeoutNowAnswer, protocolVersion, type RequestMessage, versionRefusal,
} from './codec.ts';
import { Frames } from './frames.ts';
import { DecodeError } from './msgpack.ts';
import { type TransportEvents, type TransportIdentity } from './transport.ts';

export const inboundLimits = {
  connectionsMax: 256,
  /** Requests of one connection that wait for their answers; beyond it nothing more is read from it. */
  waitingMax: 16,
  snapshotBytesMax: 256 * 1024 * 1024,
  /** Of all connections together, in frames that are not whole yet: nobody is known before a frame is. */
  unreadBytesMax: 64 * 1024 * 1024,
  /** A connection without a request for this long is closed. Go's leaders speak at least every 30 s. */
  idleMs: 90_000,
  /** A frame that began, or a request that was taken, must move within this time. */
  stallMs: 10_000,
} as const;

export interface Inbound {
  accept(connection: Connection): void;
  /** Gives the answer to the oldest request that it fits. False when none waits for it. */
  answer(message: AnswerMessage): boolean;
  /** Ends the connections of those who were cut off meanwhile. */
  recheck(): void;
  close(): void;
}

/** One request that was taken from a connection. `answer` is set as soon as it is known; answers leave in the order of requests. */
interface Waiting {
  readonly request: RequestMessage;
  answer: Uint8Array | undefined;
}

interface Served {
  readonly provenId: NodeId | undefined;
  readonly waiting: Waiting[];
  flush(): void;
  destroy(): void;
}

/** Serves requests of members. `idOf` finds the member with an address, for headers without an id. */
export function serveInbound(
  { clock, log }: { clock: Clock; log: Log }, identity: TransportIdentity, idOf: (address: string) => NodeId | undefined, events: Pick<TransportEvents, 'receive'>,
): Inbound {
  const connections = new Set<Served>();
  let unreadBytes = 0;

  const isCutOff = ({ provenId }: Pick<Connection, 'provenId'>): boolean => provenId !== undefined && identity.cutOff?.(provenId) === true;

  function accept(connection: Connection): void {
    if (connections.size >= inboundLimits.connectionsMax || isCutOff(connection)) return connection.destroy();
    const frames = new Frames();
    const waiting: Waiting[] = [];
    let type: number | undefined;
    let snapshot: { readonly decoded: DecodedRequest; readonly parts: Uint8Array[]; missing: number } | undefined;
    let paused = false;
    let closed = false;
    let counted = 0;
    let stopTimer: Cancel = () => {};

    const served: Served = { provenId: connection.provenId, waiting, flush, destroy };
    connections.add(served);

    function destroy(): void {
      closed = true;
      connection.destroy();
    }

    function refuse(error: unknown): void {
      if (!(error instanceof DecodeError) || isAbort(error)) throw error;
      log.debug('request-refused', { remote: connection.remote, problem: error.message });
      destroy();
    }

    function count(held: number): void {
      unreadBytes += held - counted;
      counted = held;
      if (unreadBytes > inboundLimits.unreadBytesMax) throw new DecodeError('too much is unread');
    }

    /** Takes as many whole requests as are here and may wait at once. */
    function read(): void {
      while (!closed && waiting.length < inboundLimits.waitingMax && takeOne());
      const full = waiting.length >= inboundLimits.waitingMax;
      if (full !== paused) {
        paused = full;
        if (full) connection.pause();
        else connection.resume();
      }
      count(frames.length);
      watch();
    }

    /** True when it moved on. */
    function takeOne(): boolean {
      if (snapshot) return takeSnapshotBytes(snapshot);
      type ??= frames.byte();
      if (type === undefined) return false;
      if (type > 4) throw new DecodeError(`unknown request type ${type}`);
      const payload = frames.values(1);
      if (payload === undefined) return false;
      const decoded = named(decodeRequest(type, payload, identity.id));
      type = undefined;
      if (decoded.message.kind !== 'snapshot') taken(decoded, null);
      else if (decoded.snapshotBytes > inboundLimits.snapshotBytesMax) throw new DecodeError('snapshot is too long');
      else snapshot = { decoded, parts: [], missing: decoded.snapshotBytes };
      return true;
    }

    function takeSnapshotBytes(open: { readonly decoded: DecodedRequest; readonly parts: Uint8Array[]; missing: number }): boolean {
      if (open.missing > 0) {
        const part = frames.raw(open.missing);
        if (part.length === 0) return false;
        open.parts.push(part);
        open.missing -= part.length;
      }
      if (open.missing > 0) return false;
      snapshot = undefined;
      taken(open.decoded, joined(open.parts));
      return true;
    }

    /** The request with a sender whom this node hears. A certificate, where there is one, must name the same. */
    function named(decoded: DecodedRequest): DecodedRequest {
      const from = decoded.header.id || idOf(decoded.header.address);
      if (from === undefined || from === identity.id || !identity.hears(from, connection)) throw new DecodeError('not a member');
      if (connection.provenId !== undefined && connection.provenId !== from) throw new DecodeError('speaks under another id');
      return { ...decoded, message: { ...decoded.message, from } };
    }

    function taken({ header, message }: DecodedRequest, bytes: Uint8Array | null): void {
      const entry: Waiting = { request: message, answer: undefined };
      waiting.push(entry);
      // Heartbeats are never checked for their version: Go serves them before it looks.
      if (message.kind !== 'heartbeat' && (header.version > protocolVersion || header.version < protocolVersion - 1)) entry.answer = encodeError(versionRefusal);
      else if (message.kind === 'timeout-now') entry.answer = encodeTimeoutNowAnswer();
      if (entry.answer === undefined || message.kind === 'timeout-now') events.receive(message, bytes);
      flush();
    }

    function flush(): void {
      while (!closed && waiting[0]?.answer !== undefined) connection.write(waiting.shift()?.answer as Uint8Array);
      if (paused && waiting.length < inboundLimits.waitingMax) guarded(read);
      else watch();
    }

    /** One clock for whatever must move next. */
    function watch(): void {
      stopTimer();
      const busy = waiting.length > 0 || frames.length > 0 || type !== undefined || snapshot !== undefined;
      if (!closed) stopTimer = clock.after(busy ? inboundLimits.stallMs : inboundLimits.idleMs, destroy);
    }

    function guarded(work: () => void): void {
      try {
        work();
      } catch (error) {
        refuse(error);
      }
    }

    connection.listen({
      data: (bytes) => {
        if (closed) return;
        frames.push(bytes);
        guarded(read);
      },
      drained: () => {},
      closed: () => {
        closed = true;
        stopTimer();
        unreadBytes -= counted;
        counted = 0;
        connections.delete(served);
      },
    });
    watch();
  }

  return {
    accept,
    answer: (message) => {
      for (const served of connections) {
        const entry = served.waiting.find((w) => w.answer === undefined && answers(message, w.request));
        if (entry === undefined) continue;
        entry.answer = encodeAnswer(message, identity.address());
        served.flush();
        return true;
      }
      return false;
    },
    recheck: () => {
      for (const served of connections) if (isCutOff(served)) served.destroy();
    },
    close: () => {
      for (const served of connections) served.destroy();
    },
  };
}

/** Whether this is an answer to that request: same peer, same kind, same term, and for appends the same reach. */
function answers(message: AnswerMessage, request: RequestMessage): boolean {
  if (message.to !== request.from || message.requestTerm !== request.term) return false;
  switch (message.kind) {
    case 'appended':
      return request.kind === 'append' && message.matched === request.prevIndex + request.entries.length;
    case 'heard':
      return request.kind === 'heartbeat';
    case 'voted':
      return request.kind === 'vote' && request.pre === message.pre;
    case 'installed':
      return request.kind === 'snapshot' && request.snapshot.index === message.index;
  }
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
