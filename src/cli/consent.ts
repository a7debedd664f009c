import { failure } from '../base/failure.ts';
import { type Context } from './verb.ts';
import { type Flag } from './flags.ts';

/** For scripts: the answer to the one question that a person is asked. */
export const yes: Flag = { name: 'yes', kind: 'switch', about: 'do not ask; for scripts' };

/** Asks once, unless --yes said it already. Fails with input.invalid when nobody can be asked. */
export async function consent({ args, world }: Pick<Context, 'args' | 'world'>, question: string): Promise<boolean> {
  if (args.yes === true) return true;
  const person = world.person();
  if (person === undefined) throw failure('input.invalid', { field: 'yes', problem: 'nobody is here to be asked: look at what will be done, then say it again with --yes' });
  return /^y(es)?$/i.test((await person.ask(`${question} [y/N] `)).trim());
}
