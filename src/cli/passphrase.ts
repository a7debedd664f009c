import { failure } from '../base/failure.ts';
import { type Flag } from './flags.ts';
import { type Context } from './verb.ts';

export const passphraseStdin: Flag = { name: 'passphrase-stdin', kind: 'switch', about: 'read the passphrase from standard input instead of asking for it' };
const bytesMax = 1024;

/** The passphrase, from standard input or from the person at the terminal, twice when it is a new one. It is never an argument: others could read those. */
export async function passphrase({ args, world }: Pick<Context, 'args' | 'world'>, { isNew }: { readonly isNew: boolean }): Promise<string> {
  if (args['passphrase-stdin'] === true) return (await world.read('-', bytesMax)).replace(/\r?\n$/, '');
  const person = world.person();
  if (person === undefined) throw failure('input.invalid', { field: 'passphrase', problem: 'nobody is here to type the passphrase: give it on standard input with --passphrase-stdin' });
  const typed = await person.askSecret('Passphrase: ');
  if (isNew && typed !== (await person.askSecret('The same again: '))) throw failure('input.invalid', { field: 'passphrase', problem: 'the two passphrases differ' });
  return typed;
}
