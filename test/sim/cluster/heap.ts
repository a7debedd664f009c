/** Virtual time: events in order of time, and of insertion where times are equal. Nothing here knows what an event does. */
interface Event {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
}

export interface Timeline {
  readonly now: number;
  readonly events: number;
  after(delayMs: number, run: () => void): void;
  /** Runs every event up to the given time. */
  runUntil(timeMs: number): void;
}

export function createTimeline(): Timeline {
  const heap: Event[] = [];
  let now = 0;
  let order = 0;
  let events = 0;
  const before = (a: Event, b: Event): boolean => a.at < b.at || (a.at === b.at && a.order < b.order);

  const push = (event: Event): void => {
    let i = heap.length;
    heap.push(event);
    while (i > 0) {
      const up = (i - 1) >> 1;
      if (!before(event, heap[up] as Event)) break;
      heap[i] = heap[up] as Event;
      i = up;
    }
    heap[i] = event;
  };

  const pop = (): Event => {
    const top = heap[0] as Event;
    const moved = heap.pop() as Event;
    const size = heap.length;
    let i = 0;
    while (size > 0) {
      let child = 2 * i + 1;
      if (child >= size) break;
      if (child + 1 < size && before(heap[child + 1] as Event, heap[child] as Event)) child++;
      if (!before(heap[child] as Event, moved)) break;
      heap[i] = heap[child] as Event;
      i = child;
    }
    if (size > 0) heap[i] = moved;
    return top;
  };

  return {
    get now() {
      return now;
    },
    get events() {
      return events;
    },
    after: (delayMs, run) => push({ at: now + delayMs, order: order++, run }),
    runUntil: (timeMs) => {
      while (heap.length > 0 && (heap[0] as Event).at <= timeMs) {
        const event = pop();
        now = event.at;
        events++;
        event.run();
      }
      now = timeMs;
    },
  };
}
