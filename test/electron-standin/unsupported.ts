/** Thrown by everything that the stand-in does not do, so that no test can pass on something that did nothing. */
export class StandinUnsupported extends Error {
  override name = 'StandinUnsupported';
  constructor(what: string) {
    super(`stand-in: electron.${what} is not there; test it on real Electron`);
  }
}

/** Names that JavaScript itself, Node's inspector or Playwright look up on any object. */
const lookedUpByOthers = new Set(['then', 'toJSON', 'constructor', 'inspect', 'nodeType', 'asymmetricMatch', 'domain']);

/** The object, with every unknown member throwing instead of being undefined. */
export function strict<T extends object>(name: string, object: T): T {
  return new Proxy(object, {
    get: (target, key) => {
      const known = typeof key === 'symbol' || key in target || lookedUpByOthers.has(key) || key.startsWith('_');
      if (known) return bound(Reflect.get(target, key, target), target);
      throw new StandinUnsupported(`${name}.${key}`);
    },
  });
}

/** Methods see the object itself, because private members are not there on its proxy. */
function bound(member: unknown, target: object): unknown {
  return typeof member === 'function' ? member.bind(target) : member;
}

/** What would have had an effect outside the process: for assertions that real Electron gives no handle for. */
export const recorded: { readonly api: string; readonly args: readonly unknown[] }[] = [];

export function record(api: string, ...args: unknown[]): void {
  recorded.push({ api, args });
}

/** An event whose default can be prevented. */
export function cancelable<T extends object>(fields: T): T & { defaultPrevented: boolean; preventDefault(): void } {
  return {
    ...fields,
    defaultPrevented: false,
    preventDefault() {
      this.defaultPrevented = true;
    },
  };
}
