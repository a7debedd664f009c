import { failure } from '../base/failure.ts';
import { commands, type CommandName, type Input } from '../contract/commands.ts';
import { readAs } from '../contract/read-as.ts';
import { kebab } from './flags.ts';

/** The command's input, checked with its row before anything is sent. Fails with input.invalid and the flag's name. */
export function checked<K extends CommandName>(command: K, input: unknown): Input<K> {
  const parsed = readAs(commands[command].input, input);
  if (parsed.success) return input as Input<K>;
  throw failure('input.invalid', { field: kebab(parsed.field.split('.')[0] || command), problem: parsed.problem });
}
