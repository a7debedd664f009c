/**
 * The context bridge, one end in each world. Both hold the same MessagePort and use it as an event target: events are dispatched
 * synchronously and only strings cross, so no object of one world is ever touched by the other.
 */
function makeBridge(port, me, codec) {
  const other = me === 'page' ? 'preload' : 'page';
  const functions = [];
  let reply;
  const fire = (type, detail) => port.dispatchEvent(new CustomEvent(type, { detail }));
  const encode = (value) => codec.encode(value, (run) => functions.push(run) - 1);
  const decode = (text) => codec.decode(text, callOther);
  const callOther = (id) => (...args) => {
    reply = undefined;
    fire(`${other}:call`, JSON.stringify({ id, args: encode(args) }));
    const answer = reply;
    reply = undefined;
    if (answer === undefined) throw new Error('the other world is gone');
    if (answer.failed !== undefined) throw new Error(answer.failed);
    return decode(answer.value);
  };
  port.addEventListener(`${me}:call`, (event) => {
    const { id, args } = JSON.parse(event.detail);
    let answer;
    try {
      answer = { value: encode(functions[id](...decode(args))) };
    } catch (error) {
      answer = { failed: String(error?.message ?? error) };
    }
    fire(`${other}:reply`, JSON.stringify(answer));
  });
  port.addEventListener(`${me}:reply`, (event) => {
    reply = JSON.parse(event.detail);
  });
  return { encode, decode, fire };
}
