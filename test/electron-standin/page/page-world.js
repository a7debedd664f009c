/** Runs in the page's own world before its scripts: takes its end of the bridge and defines what the preload exposes, frozen. */
function startPageWorld(nonce) {
  const freeze = (value) => {
    if (value === null || !['object', 'function'].includes(typeof value) || Object.isFrozen(value)) return value;
    Object.freeze(value);
    Object.values(value).forEach(freeze);
    return value;
  };
  window.addEventListener(
    nonce,
    (handOver) => {
      const port = handOver.ports[0];
      const bridge = makeBridge(port, 'page', makeCodec());
      port.addEventListener('page:expose', (event) => {
        const { key, api } = JSON.parse(event.detail);
        Object.defineProperty(window, key, { value: freeze(bridge.decode(api)), enumerable: true, configurable: false, writable: false });
      });
    },
    { once: true },
  );
}
