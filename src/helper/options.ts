import { parseArgs } from 'node:util';
import { failure } from '../base/failure.ts';
import { type EngineName } from './tunnel/system.ts';

export interface HelperOptions {
  readonly run: string;
  readonly state: string;
  /** A folder that may hold wireguard-go. */
  readonly cache: string | undefined;
  /** The user who may use the helper besides root; for development. */
  readonly owner: number | undefined;
  readonly engine: EngineName | 'auto';
  readonly untilStdinEnds: boolean;
  /** Take back what an earlier life left on the machine, and end without serving anybody. */
  readonly undo: boolean;
  /** With `undo`: the run and state folders go too, keys and networks' data with them. */
  readonly forget: boolean;
  /** Start again in the background and end; the log then goes to a file in the state folder. */
  readonly detach: boolean;
  readonly logToFile: boolean;
  /** Windows' service manager started us, and is answered. */
  readonly service: boolean;
}

export const usage = 'helper [--run DIR] [--state DIR] [--cache DIR] [--owner UID] [--engine auto|kernel|wireguard-go] [--until-stdin-ends] [--undo [--forget]] [--detach] [--service]';

/** Reads the command line; the folders have defaults for an installed helper. Throws input.invalid naming the argument. */
export function parseOptions(args: readonly string[]): HelperOptions {
  const { run, state, cache, owner, engine, 'until-stdin-ends': untilStdinEnds, undo, forget, detach, 'log-to-file': logToFile, service } = valuesOf(args);
  if (engine !== 'auto' && engine !== 'kernel' && engine !== 'wireguard-go') throw failure('input.invalid', { argument: '--engine' });
  if (forget && !undo) throw failure('input.invalid', { argument: '--forget' });
  if (owner !== undefined && !/^\d{1,10}$/.test(owner)) throw failure('input.invalid', { argument: '--owner' });
  return { run, state, cache, owner: owner === undefined ? undefined : Number(owner), engine, untilStdinEnds, undo, forget, detach, logToFile, service };
}

function valuesOf(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      strict: true,
      allowPositionals: false,
      options: {
        run: { type: 'string', default: '/run/webmesh' },
        state: { type: 'string', default: '/var/lib/webmesh' },
        cache: { type: 'string' },
        owner: { type: 'string' },
        engine: { type: 'string', default: 'auto' },
        'until-stdin-ends': { type: 'boolean', default: false },
        undo: { type: 'boolean', default: false },
        forget: { type: 'boolean', default: false },
        detach: { type: 'boolean', default: false },
        'log-to-file': { type: 'boolean', default: false },
        service: { type: 'boolean', default: false },
      },
    }).values;
  } catch (error) {
    throw failure('input.invalid', { argument: error instanceof Error ? error.message : '' }, error);
  }
}
