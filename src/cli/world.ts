import { type Clock } from '../base/clock.ts';
import { type Client } from '../contract/client.ts';

/** What the CLI needs from the machine. The root builds the real one, tests bring their own. */
export interface World {
  readonly version: string;
  readonly clock: Clock;
  /** Aborts on Ctrl-C. */
  readonly interrupted: AbortSignal;
  print(text: string): void;
  complain(text: string): void;
  readonly screen: Screen;
  /** Undefined when nobody sits at a terminal. */
  person(): Person | undefined;
  /** The text of a small regular file, or of standard input when the path is `-`. Fails with input.invalid. */
  read(path: string, bytesMax: number): Promise<string>;
  at(home: string | undefined): HomeWorld;
}

/** Where `print` goes. */
export interface Screen {
  /** Undefined when it is no terminal. */
  readonly columns: number | undefined;
  /** False when colours were asked not to be used (NO_COLOR), or the terminal has none. */
  readonly colours: boolean;
}

/** Somebody at a terminal, also when standard input and output are pipes. Both calls reject with an AbortError on Ctrl-C. */
export interface Person {
  ask(question: string): Promise<string>;
  /** Shows nothing of what is typed. */
  askSecret(question: string): Promise<string>;
}

/** One home: its app and the ways to start it. */
export interface HomeWorld {
  /** Fails with app.not-running. */
  connect(): Promise<Client>;
  /** Starts the app without a window, in the background, and connects to it. Attaches when it runs already. */
  startApp(options: StartOptions): Promise<Client>;
  /** A fresh link to the page of the running app. Starts a web shell beside it when only a window has it. */
  link(): Promise<string>;
  /** Gives a link to the browser without showing it to other users. False when there is no browser. */
  openBrowser(link: string): Promise<boolean>;
  /** Runs the web shell in the foreground until it ends. Resolves to its exit code. */
  serve(options: ServeOptions): Promise<number>;
}

export interface StartOptions {
  readonly helperSocket: string | undefined;
}

export interface ServeOptions extends StartOptions {
  readonly port: number | undefined;
  readonly open: boolean;
  readonly tls: boolean;
  readonly json: boolean;
}
