import { isValid } from './membership.ts';
import { type Entry, type Index, type Message, type Term } from './types.ts';

/** Messages come from other machines: numbers in range, entries in order, a configuration that can be. What fails here is refused. */
export function isWellFormed(message: Message): boolean {
  switch (message.kind) {
    case 'append':
      return isNumber(message.term, message.prevIndex, message.prevTerm, message.commit) && inOrder(message.entries, message.prevIndex, message.prevTerm, message.term);
    case 'heartbeat':
    case 'timeout-now':
      return isNumber(message.term);
    case 'appended':
      return isNumber(message.term, message.requestTerm, message.matched, message.lastIndex);
    case 'heard':
    case 'voted':
      return isNumber(message.term, message.requestTerm);
    case 'vote':
      return isNumber(message.term, message.lastIndex, message.lastTerm);
    case 'snapshot':
      return isNumber(message.term, message.snapshot.index, message.snapshot.term) && message.snapshot.index > 0 && isValid(message.snapshot.configuration);
    case 'installed':
      return isNumber(message.term, message.requestTerm, message.index);
  }
}

/** Far from the end of safe integers, so that sums stay exact. */
const numberMax = 2 ** 52;

function isNumber(...values: readonly (Index | Term)[]): boolean {
  return values.every((value) => Number.isSafeInteger(value) && value >= 0 && value <= numberMax);
}

function inOrder(entries: readonly Entry[], prevIndex: Index, prevTerm: Term, termMax: Term): boolean {
  let term = prevTerm;
  for (let i = 0; i < entries.length; i++) {
    const entry = entries[i] as Entry;
    if (entry.index !== prevIndex + 1 + i || !isNumber(entry.term) || entry.term < term || entry.term > termMax) return false;
    term = entry.term;
  }
  return true;
}

/** The answer that says no. Every request gets one, for the transport pairs them; answers and `timeout-now` need none. */
export function refusalOf(message: Message, term: Term, lastIndex: Index): Message | null {
  const { from: to, to: from, term: requestTerm } = message;
  const head = { from, to, term, requestTerm };
  switch (message.kind) {
    case 'append':
      return { kind: 'appended', ...head, success: false, matched: message.prevIndex + message.entries.length, lastIndex };
    case 'heartbeat':
      return { kind: 'heard', ...head, success: false };
    case 'vote':
      return { kind: 'voted', ...head, granted: false, pre: message.pre };
    case 'snapshot':
      return { kind: 'installed', ...head, success: false, index: message.snapshot.index };
    default:
      return null;
  }
}
