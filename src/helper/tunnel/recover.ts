import { asFailure } from '../../base/failure.ts';
import { type Log } from '../../base/log.ts';
import { type JournalFile, type Keys, type MachineFacts } from '../ports.ts';
import { type Device } from './device.ts';
import { type Journal, type Undo, createJournal } from './journal.ts';

export interface RecoverPorts extends RecoverAllPorts {
  readonly journal: Journal;
  readonly file: Pick<JournalFile, 'setAside'>;
}

export interface RecoverAllPorts {
  readonly device: Pick<Device, 'perform'>;
  readonly keys: Pick<Keys, 'known'>;
  readonly facts: Pick<MachineFacts, 'deviceExists'>;
  readonly deviceName: (tunnelId: string) => string;
  readonly log: Log;
}

/** Takes back what every journal says, one after the other. Answers whether nothing is left. */
export async function recoverAll(files: readonly JournalFile[], ports: RecoverAllPorts): Promise<boolean> {
  let clean = true;
  for (const file of files) clean = (await recover({ ...ports, file, journal: createJournal(file) })) && clean;
  return clean;
}

/**
 * Takes back what an earlier life of this helper left on the machine. Runs before the first caller is served. A damaged journal is kept
 * for a look, its good lines are used, and devices named after tunnels that have a key here are removed as well.
 * An undo that fails stays in the journal for the next start. Answers whether nothing is left of it.
 */
export async function recover({ device, journal, file, keys, facts, deviceName, log }: RecoverPorts): Promise<boolean> {
  const found = await journal.read();
  if (found.kind === 'clean') return true;
  const undos: Undo[] = [...found.undos];
  if (found.kind === 'damaged') {
    const keptAs = await file.setAside().catch((error: unknown) => asFailure(error).code);
    log.error('journal-damaged', { keptAs });
    for (const name of (await keys.known()).map(deviceName)) {
      if (await facts.deviceExists(name)) undos.push({ engine: 'wireguard-go', step: { kind: 'remove-device', device: name } });
    }
  }
  log.info('recovering', { undos: undos.length });
  let clean = true;
  for (const { engine, step } of undos) {
    await device.perform(step, engine).catch((error: unknown) => {
      clean = false;
      log.error('undo-failed', { step: step.kind, failure: asFailure(error) });
    });
  }
  if (!clean) return false;
  return journal.clear().then(() => true, (error: unknown) => {
    log.error('journal-not-cleared', { failure: asFailure(error) });
    return false;
  });
}
