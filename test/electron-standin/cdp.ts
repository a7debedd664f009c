/** A client of the Chrome DevTools Protocol over Node's own WebSocket: calls with answers, and events by session. */
export class Cdp {
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, { method: string; resolve(result: never): void; reject(error: Error): void }>();
  readonly #listeners = new Map<string, Set<(params: never) => void>>();
  #nextId = 1;
  #closed = false;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.onmessage = ({ data }) => this.#take(JSON.parse(String(data)));
    socket.onclose = () => {
      this.#closed = true;
      for (const { method, reject } of this.#waiting.values()) reject(new Error(`${method}: Chromium is gone`));
      this.#waiting.clear();
    };
  }

  static connect(url: string): Promise<Cdp> {
    return new Promise((resolve, reject) => {
      const socket = new WebSocket(url);
      socket.onopen = () => resolve(new Cdp(socket));
      socket.onerror = () => reject(new Error(`cannot reach Chromium at ${url}`));
    });
  }

  /** Calls a method, of one page when a session is given. */
  send<Result = unknown>(method: string, params: object = {}, sessionId?: string): Promise<Result> {
    if (this.#closed) return Promise.reject(new Error(`${method}: Chromium is gone`));
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { method, resolve, reject });
      this.#socket.send(JSON.stringify({ id, method, params, ...(sessionId === undefined ? {} : { sessionId }) }));
    });
  }

  /** Hears an event of one page, or of the browser itself when the session is ''. */
  on<Params>(sessionId: string, method: string, hear: (params: Params) => void): void {
    const key = `${sessionId} ${method}`;
    const set = this.#listeners.get(key) ?? new Set();
    this.#listeners.set(key, set);
    set.add(hear as (params: never) => void);
  }

  #take(message: { id?: number; error?: { message: string }; result?: unknown; method?: string; params?: unknown; sessionId?: string }): void {
    if (message.id === undefined) {
      for (const hear of this.#listeners.get(`${message.sessionId ?? ''} ${message.method}`) ?? []) hear(message.params as never);
      return;
    }
    const call = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if (message.error) call?.reject(new Error(`${call.method}: ${message.error.message}`));
    else call?.resolve(message.result as never);
  }
}
