/** Which screen is shown stands in the address after `#`, so that Back works and a screen can be linked. */
export const screens = ['connect', 'peers', 'people', 'audit', 'device', 'health', 'settings', 'add'] as const;
export type Screen = (typeof screens)[number];

export interface Route {
  readonly screen: Screen;
  /** What the screen shows in detail: the id of a peer; `check` runs the network check, `root` asks for the root key's passphrase. */
  readonly detail: string | null;
}

export function parseRoute(hash: string): Route {
  const [name = '', detail] = hash.replace(/^#\/?/, '').split('/', 2);
  const screen = screens.find((s) => s === name) ?? 'connect';
  return { screen, detail: detail === undefined || detail === '' ? null : decoded(detail) };
}

export function hashOf({ screen, detail }: Route): string {
  return detail === null ? `#/${screen}` : `#/${screen}/${encodeURIComponent(detail)}`;
}

function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    // A hand-written address that decodes to nothing names no peer.
    return null;
  }
}

export interface Router {
  readonly route: Route;
  go(screen: Screen, detail?: string | null): void;
  /** The same without a step for Back: moving along a list is not a journey. */
  slide(screen: Screen, detail: string | null): void;
}

export function createRouter(page: Window): Router {
  let route = $state.raw(parseRoute(page.location.hash));
  page.addEventListener('hashchange', () => (route = parseRoute(page.location.hash)));
  return {
    get route() { return route; },
    go: (screen, detail = null) => {
      // The browser tells of the change later; what follows a step, such as moving the focus, must not wait for that.
      route = { screen, detail };
      page.location.hash = hashOf(route);
    },
    slide: (screen, detail) => {
      page.history.replaceState(null, '', hashOf({ screen, detail }));
      route = { screen, detail };
    },
  };
}
