/** Runs in the preload's isolated world: gives the preload its `electron` module, and carries its messages over a binding that the page cannot see. */
function startPreloadWorld({ nonce, binding, platform, versions }, preload) {
  const codec = makeCodec();
  const channel = new MessageChannel();
  const post = globalThis[binding];
  delete globalThis[binding];
  const bridge = makeBridge(channel.port1, 'preload', codec);
  window.dispatchEvent(new MessageEvent(nonce, { ports: [channel.port1] }));

  const listeners = new Map();
  const exposed = new Set();
  const missing = (what) => () => {
    throw new Error(`stand-in: ${what} is not there`);
  };
  const ipcRenderer = Object.freeze({
    send: (name, ...args) => post(JSON.stringify({ kind: 'send', name, args: codec.encode(args) })),
    on: (name, listener) => {
      listeners.set(name, [...(listeners.get(name) ?? []), listener]);
      return ipcRenderer;
    },
    off: (name, listener) => {
      listeners.set(name, (listeners.get(name) ?? []).filter((known) => known !== listener));
      return ipcRenderer;
    },
    invoke: missing('ipcRenderer.invoke'),
    sendSync: missing('ipcRenderer.sendSync'),
    postMessage: missing('ipcRenderer.postMessage'),
  });
  globalThis.standinReceive = (text) => {
    const { name, args } = JSON.parse(text);
    for (const listener of listeners.get(name) ?? []) listener(Object.freeze({ sender: ipcRenderer }), ...codec.decode(args));
  };
  const contextBridge = Object.freeze({
    exposeInMainWorld: (key, api) => {
      if (exposed.has(key)) throw new Error('Cannot bind an API on top of an existing property on the window object');
      exposed.add(key);
      bridge.fire('page:expose', JSON.stringify({ key, api: bridge.encode(api) }));
    },
    exposeInIsolatedWorld: missing('contextBridge.exposeInIsolatedWorld'),
  });

  // Chromium tells Electron what was clicked; here the page's own event does, with the same names.
  window.addEventListener('contextmenu', (event) => {
    if (event.defaultPrevented) return;
    const { target } = event;
    const isEditable = target instanceof HTMLElement && target.matches('textarea, input:not([type=checkbox], [type=radio], [type=file], [type=button], [type=range])') && !target.readOnly && !target.disabled;
    const selectionText = isEditable ? target.value.slice(target.selectionStart ?? 0, target.selectionEnd ?? 0) : String(getSelection());
    const some = selectionText !== '' && !(isEditable && target.type === 'password');
    const editFlags = { canCut: isEditable && some, canCopy: some, canPaste: isEditable, canSelectAll: isEditable && target.value !== '' };
    post(JSON.stringify({ kind: 'context-menu', place: { isEditable, selectionText, editFlags, x: event.x, y: event.y, menuSourceType: event.button === 2 ? 'mouse' : 'keyboard' } }));
  });

  // A sandboxed preload may require these two and nothing else; there is no file system and no Node.
  const modules = { electron: { contextBridge, ipcRenderer }, 'electron/renderer': { contextBridge, ipcRenderer } };
  const require = (name) => {
    if (Object.hasOwn(modules, name)) return modules[name];
    throw new Error(`module not found: ${name}`);
  };
  const process = Object.freeze({ type: 'renderer', platform, versions, env: Object.freeze({}), argv: Object.freeze([]), sandboxed: true, contextIsolated: true });
  try {
    const module = { exports: {} };
    preload(require, module, module.exports, process);
  } catch (error) {
    post(JSON.stringify({ kind: 'preload-error', message: String(error?.stack ?? error) }));
  }
}
