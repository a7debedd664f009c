/** Our own options among those of Electron, Chromium and the desktop, which all share one command line. */
export interface Arguments {
  readonly home: string | undefined;
  readonly helperSocket: string | undefined;
  /** Start without showing the window: at login. */
  readonly hidden: boolean;
}

export function readArguments(argv: readonly string[]): Arguments {
  return { home: valueOf(argv, '--home'), helperSocket: valueOf(argv, '--helper-socket'), hidden: argv.includes('--hidden') };
}

function valueOf(argv: readonly string[], name: string): string | undefined {
  const joined = argv.find((argument) => argument.startsWith(`${name}=`));
  if (joined !== undefined) return joined.slice(name.length + 1);
  const at = argv.indexOf(name);
  const value = at === -1 ? undefined : argv[at + 1];
  return value?.startsWith('--') ? undefined : value;
}
