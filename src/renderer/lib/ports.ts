import { failure } from '../../base/failure.ts';
import { t } from '../words/spoken.svelte.ts';

/** What was typed into the three port fields. */
export type PortTexts = Record<(typeof portNames)[number], string>;
const portNames = ['wireguardPort', 'grpcPort', 'raftPort'] as const;

export function noPorts(): PortTexts {
  return { wireguardPort: '', grpcPort: '', raftPort: '' };
}

/** The ports that were typed; input.invalid with the field's name when one is no port. */
export function readPorts(texts: PortTexts): Partial<Record<keyof PortTexts, number>> {
  const typed = portNames.filter((name) => texts[name].trim() !== '');
  return Object.fromEntries(typed.map((name) => {
    const port = Number(texts[name].trim());
    if (!Number.isInteger(port) || port < 1 || port > 65_535) throw failure('input.invalid', { field: name, problem: t.joining.portWrong });
    return [name, port];
  }));
}
