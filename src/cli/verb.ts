import { type Client } from '../contract/client.ts';
import { type CommandName } from '../contract/commands.ts';
import { type ExitCode } from './exit-codes.ts';
import { type Flag } from './flags.ts';
import { type HomeWorld, type World } from './world.ts';

/** One thing that can be typed after `webmesh`. Help, parsing and completion follow from it. */
export interface Verb {
  /** `['profile', 'create']` for `webmesh profile create`. */
  readonly words: readonly string[];
  readonly about: string;
  /** The contract command behind it: its row gives flags and checks. */
  readonly command?: CommandName;
  /** Further commands that it calls; they give no flags. */
  readonly also?: readonly CommandName[];
  readonly positionals?: readonly Positional[];
  /** Flags beyond those of the command, and those that fill a field under a better name. */
  readonly flags?: readonly Flag[];
  /** Fields of the command that no argument fills: secrets, which every user of the machine could read there, and what the verb finds out by itself. */
  readonly without?: readonly string[];
  run(context: Context): Promise<ExitCode>;
}

export interface Positional {
  readonly name: string;
  readonly optional?: true;
  /** The field of the command's input that it fills, if any. */
  readonly field?: string;
  readonly choices?: readonly string[];
}

/** What a verb gets: parsed arguments, and the app when it asks for it. */
export interface Context {
  readonly world: World;
  readonly home: HomeWorld;
  readonly json: boolean;
  /** The network that --network names; undefined: the selected one. */
  readonly network: string | undefined;
  /** Input of the verb's command as far as the command line gave it; parsed with the command's schema when it is called. */
  readonly input: Readonly<Record<string, unknown>>;
  /** Positionals and own flags by name. */
  readonly args: Readonly<Record<string, string | number | boolean | undefined>>;
  /** The app of this home, as it is about the named network. Connects once; fails with app.not-running. */
  client(): Promise<Client>;
  /** Prints one value: as JSON when asked for, else as the given text. */
  show(value: unknown, text: string): void;
}
