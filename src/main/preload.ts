import { contextBridge, ipcRenderer, type IpcRendererEvent } from 'electron';

/**
 * The only door between page and app: one channel, plain values. It imports nothing of ours, so that what runs with the
 * page's trust stays readable at a glance; what a message means is decided on the other side.
 */
const channel = 'webmesh';

contextBridge.exposeInMainWorld('webmesh', {
  platform: process.platform,
  send: (message: unknown): void => ipcRenderer.send(channel, message),
  onMessage: (receive: (message: unknown) => void): void => {
    ipcRenderer.on(channel, (_event: IpcRendererEvent, message: unknown) => receive(message));
    // The core sends every topic when a page attaches. It must not do so before somebody listens.
    ipcRenderer.send(channel, { kind: 'attach' });
  },
});
