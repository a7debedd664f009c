import { type FailureCode } from '../base/failure.ts';

/** What scripts may rely on. New codes may come; these keep their meaning. */
export const exitCodes = {
  ok: 0,
  /** It was tried and refused or failed. */
  failed: 1,
  /** The command line makes no sense, or names something that does not exist here. */
  usage: 2,
  /** No app runs for this home. */
  notRunning: 3,
  /** It did not happen in time; it may still happen. */
  timeout: 4,
  /** The session is blocked: a person has to do something first. */
  blocked: 5,
  /** Said by `webmesh health` alone: something is wrong that is more than a hint. */
  unwell: 6,
  /** Ended by Ctrl-C, as shells count it. */
  interrupted: 130,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

export function exitCodeOf(code: FailureCode): ExitCode {
  switch (code) {
    case 'input.invalid':
    case 'input.unknown-command':
    case 'input.unknown-profile':
      return exitCodes.usage;
    case 'app.not-running':
      return exitCodes.notRunning;
    case 'mesh.timeout':
      return exitCodes.timeout;
    default:
      return exitCodes.failed;
  }
}

export const exitCodeHelp = 'Exit codes: 0 done, 1 failed, 2 wrong usage, 3 the app is not running, 4 not in time, 5 blocked until a person acts, 6 there are problems (said by "webmesh health" alone), 130 interrupted.';
