import { EventEmitter } from 'node:events';
import type * as Electron from 'electron';
import { StandinUnsupported } from '../unsupported.ts';

/** Messages of pages arrive as events named by their channel. Invoke is left out: the product does not use it. */
class IpcMain extends EventEmitter implements Pick<Electron.IpcMain, 'handle' | 'handleOnce' | 'removeHandler'> {
  handle(): void {
    throw new StandinUnsupported('ipcMain.handle');
  }
  handleOnce(): void {
    throw new StandinUnsupported('ipcMain.handleOnce');
  }
  removeHandler(): void {
    throw new StandinUnsupported('ipcMain.removeHandler');
  }
}

export const ipcMain = new IpcMain();
