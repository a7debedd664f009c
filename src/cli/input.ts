import { failure } from '../base/failure.ts';
import { commands, type CommandName, type Input } from '../contract/commands.ts';
import { kebab } from './flags.ts';

/** The command's input, checked with its row before anything is sent. Fails with input.invalid and the flag's name. */
export function checked<K extends CommandName>(command: K, input: unknown): Input<K> {
  const parsed = commands[command].input.safeParse(input);
  if (parsed.success) return input as Input<K>;
  const issue = parsed.error.issues[0];
  throw failure('input.invalid', { field: kebab(String(issue?.path[0] ?? command)), problem: issue?.message ?? 'invalid' });
}
