import { type Cancel, type Clock } from '../base/clock.ts';

/** Where a window was: its screen, and its place on the desktop. */
export interface Place {
  /** `#/peers`, or empty. */
  readonly hash: string;
  readonly bounds?: { readonly x: number; readonly y: number; readonly width: number; readonly height: number };
  readonly maximized: boolean;
}

/** A window that was made, with its page. */
export interface LiveWindow {
  show(): void;
  hide(): void;
  minimize(): void;
  /** Visible and in front. */
  isWatched(): boolean;
  /** Shows another screen. */
  go(hash: string): void;
  reload(): void;
  /** True when something was typed or opened in it that would be lost with it. */
  holdsUnfinished(): Promise<boolean>;
  place(): Place;
  destroy(): void;
}

export interface WindowEars {
  /** It has drawn its first picture. */
  ready(): void;
  /** Its close button was pressed. True: it stays for now. */
  closing(): boolean;
  closed(): void;
  sessionEnds(): void;
}

export interface MainWindow {
  /** Raises the window, or makes it where it was; `screen` is another one to show. */
  show(screen?: string): void;
  /** Starts the app without a window in the way: nothing is made, or, where no icon would lead back, it is made minimised. */
  startOutOfSight(): Promise<void>;
  /** Loads the page anew, for instance because its core went away. */
  reload(): void;
  /** Visible and in front: whoever looks at it needs no notification. */
  isWatched(): boolean;
  /** From now on closing the window ends it instead of hiding it. */
  letGo(): void;
}

/** What the close button does: where an icon leads back to the app the window goes out of sight, elsewhere it must stay in reach. */
export type Closing = 'hide' | 'minimize' | 'quit';

export interface WindowPorts {
  readonly clock: Pick<Clock, 'after'>;
  make(place: Place, ears: WindowEars): LiveWindow;
  closing(): Promise<Closing>;
  /** It was hidden by its close button. */
  hidden(): void;
  /** It came up, or went out of sight. */
  seen(visible: boolean): void;
  quit(): void;
  sessionEnds(): void;
}

/** How long a hidden window is kept for somebody who comes right back; how often one with something unfinished is looked at; how long a first picture may take. */
export const lifeMs = { rest: 5_000, unfinished: 60_000, ready: 2_000 } as const;

/**
 * The life of the one window. Out of sight, its renderer costs more than the rest of the app together, so it is destroyed a moment after it was
 * hidden, and made anew, at the same screen and place, when it is wanted. What a person typed and has not sent keeps it alive.
 */
export function createMainWindow({ clock, make, closing, hidden, seen, quit, sessionEnds }: WindowPorts): MainWindow {
  let window: LiveWindow | undefined;
  let place: Place = { hash: '', maximized: false };
  let ready = false;
  let wanted: 'shown' | 'minimised' | 'hidden' = 'hidden';
  let mayClose = false;
  let asking = false;
  let stopResting: Cancel = () => {};

  function open(): LiveWindow {
    ready = false;
    const opened: LiveWindow = make(place, {
      ready: () => appear(opened),
      closing: () => !mayClose && (void ask(opened), true),
      closed: () => {
        if (window === opened) window = undefined;
      },
      sessionEnds,
    });
    // A page that cannot be drawn is shown all the same: its window can be closed, and says what is wrong.
    clock.after(lifeMs.ready, () => appear(opened));
    return opened;
  }

  function appear(opened: LiveWindow): void {
    if (window !== opened || ready) return;
    ready = true;
    present(opened);
  }

  function present(opened: LiveWindow): void {
    if (wanted === 'shown') opened.show();
    if (wanted === 'minimised') opened.minimize();
    if (wanted !== 'hidden') seen(wanted === 'shown');
  }

  function show(screen?: string): void {
    const hash = screen === undefined ? undefined : `#/${screen}`;
    stopResting();
    wanted = 'shown';
    if (window === undefined) {
      if (hash !== undefined) place = { ...place, hash };
      window = open();
      return;
    }
    if (hash !== undefined) window.go(hash);
    if (ready) present(window);
  }

  /** The answer may take a moment, and meanwhile somebody may press the button again. */
  async function ask(opened: LiveWindow): Promise<void> {
    if (asking) return;
    asking = true;
    const answer = await closing().finally(() => (asking = false));
    if (window !== opened || mayClose) return;
    if (answer === 'quit') return quit();
    if (answer === 'minimize') {
      wanted = 'minimised';
      return present(opened);
    }
    wanted = 'hidden';
    opened.hide();
    seen(false);
    hidden();
    restAfter(lifeMs.rest);
  }

  function restAfter(delayMs: number): void {
    stopResting();
    let came = false;
    const cancel = clock.after(delayMs, () => void rest(() => came));
    stopResting = () => {
      came = true;
      cancel();
    };
  }

  async function rest(came: () => boolean): Promise<void> {
    const opened = window;
    if (opened === undefined || came()) return;
    const holds = await opened.holdsUnfinished();
    if (came() || window !== opened) return;
    if (holds) return restAfter(lifeMs.unfinished);
    place = opened.place();
    window = undefined;
    opened.destroy();
  }

  return {
    show,
    startOutOfSight: async () => {
      if ((await closing()) === 'hide' || window !== undefined) return;
      wanted = 'minimised';
      window = open();
    },
    reload: () => window?.reload(),
    isWatched: () => window?.isWatched() ?? false,
    letGo: () => {
      stopResting();
      mayClose = true;
    },
  };
}
