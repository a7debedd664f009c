import { callableFunction, addressOf } from './native.ts';
import { dispatchService, windows } from './windows-calls.ts';

/** What Windows' service manager may ask of a running service, and how it is told. */
export interface ServiceLife {
  /** The service does its work; until then the manager waits, 30 s. From here on a breakage is one, and the manager starts it again. */
  running(): void;
  /** It has ended; with a code that is not 0 the manager starts it again. */
  stopped(code: number): Promise<void>;
}

const ownProcess = 0x10;
const state = { stopped: 1, starting: 2, stopping: 3, running: 4 } as const;
const control = { stop: 1, interrogate: 4, shutdown: 5 } as const;
const acceptStopAndShutdown = 0x1 | 0x4;
const callNotImplemented = 120;
const serviceError = 1066;
const patienceMs = 20_000;

/**
 * Answers the service manager, which started this process; `stop` is called when it, or a shutdown of the machine, asks for an end. The
 * manager calls from threads of its own; koffi brings those calls here. Rejects when no service manager waits for us.
 */
export function speakAsService(name: string, stop: () => void): Promise<ServiceLife> {
  return new Promise((resolve, reject) => {
    let service = 0;
    const tell = (now: number, code = 0): void => void windows('SetServiceStatus', service, serviceStatus(now, code));
    const handler = callableFunction('uint32_t WebmeshServiceControl(uint32_t control, uint32_t type, intptr_t data, intptr_t context)', (asked = 0) => {
      if (asked === control.interrogate) return 0;
      if (asked !== control.stop && asked !== control.shutdown) return callNotImplemented;
      tell(state.stopping);
      stop();
      return 0;
    });
    const main = callableFunction('void WebmeshServiceMain(uint32_t count, intptr_t words)', () => {
      service = windows('RegisterServiceCtrlHandlerExW', name, handler, null);
      tell(state.starting);
      resolve({
        running: () => {
          tell(state.running);
          restartWhenBroken(name);
        },
        stopped: async (code) => {
          tell(state.stopped, code);
          await dispatching;
        },
      });
      return 0;
    });
    const dispatching = dispatchService(serviceTable(name, main));
    dispatching.then((answer) => {
      if (answer === 0) reject(new Error(`${name} was not started by the service manager`));
    }, reject);
  });
}

/** How soon after a crash, or an end with a code, the service is started again: at once, at once, then every five seconds. */
const restartMs = [1_000, 1_000, 5_000];
const forgetAfterSeconds = 86_400;
const access = { connect: 0x1, changeAndStart: 0x2 | 0x10 } as const;
const level = { failureActions: 2, failureFlag: 4 } as const;

/**
 * Asks the service manager to start a service again when it breaks, which not every kind of installer can say. Answers whether all of it
 * was accepted: a service that is not restarted is still one.
 */
function restartWhenBroken(name: string): boolean {
  const manager = windows('OpenSCManagerW', null, null, access.connect);
  const service = manager === 0 ? 0 : windows('OpenServiceW', manager, name, access.changeAndStart);
  const accepted = service !== 0 && windows('ChangeServiceConfig2W', service, level.failureActions, failureActions()) !== 0 && windows('ChangeServiceConfig2W', service, level.failureFlag, Buffer.from([1, 0, 0, 0])) !== 0;
  for (const handle of [service, manager]) if (handle !== 0) windows('CloseServiceHandle', handle);
  return accepted;
}

/** SERVICE_FAILURE_ACTIONSW: when failures are forgotten, no message, no command, and a list of pairs: 1 (start again), after so many ms. */
function failureActions(): Buffer {
  const list = Buffer.alloc(8 * restartMs.length);
  restartMs.forEach((afterMs, at) => {
    list.writeUInt32LE(1, 8 * at);
    list.writeUInt32LE(afterMs, 8 * at + 4);
  });
  const bytes = Buffer.alloc(40);
  bytes.writeUInt32LE(forgetAfterSeconds, 0);
  bytes.writeUInt32LE(restartMs.length, 24);
  bytes.writeBigUInt64LE(addressOf(list), 32);
  return bytes;
}

/** SERVICE_STATUS: an end with a code says that the code is our own. */
export function serviceStatus(now: number, code: number): Buffer {
  const accepted = now === state.running ? acceptStopAndShutdown : 0;
  const hint = now === state.starting || now === state.stopping ? patienceMs : 0;
  const bytes = Buffer.alloc(28);
  [ownProcess, now, accepted, code === 0 ? 0 : serviceError, code, 0, hint].forEach((value, at) => bytes.writeUInt32LE(value, 4 * at));
  return bytes;
}

/** SERVICE_TABLE_ENTRYW: name and function, then two nulls. */
function serviceTable(name: string, main: bigint): Buffer {
  const text = Buffer.from(`${name}\0`, 'utf16le');
  const table = Buffer.alloc(32);
  table.writeBigUInt64LE(addressOf(text), 0);
  table.writeBigUInt64LE(main, 8);
  return table;
}
