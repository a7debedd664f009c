/** Plain UDP sockets of one namespace, told on standard input and told of on standard output, one JSON line each. */
import { createSocket, type Socket } from 'node:dgram';
import { createInterface } from 'node:readline';
import { setImmediate } from 'node:timers/promises';
import { type Asked } from './probe.ts';

const sockets = new Map<number, { readonly socket: Socket; readonly heard: { from: string; text: string }[] }>();

createInterface({ input: process.stdin }).on('line', async (line) => {
  const { id, ask } = JSON.parse(line) as { id: number; ask: Asked };
  process.stdout.write(`${JSON.stringify({ id, answer: await answer(ask).catch((error) => ({ error: String(error) })) })}\n`);
}).on('close', () => process.exit(0));

async function answer(ask: Asked): Promise<unknown> {
  switch (ask.do) {
    case 'open': return open(ask.port, ask.family, ask.mirror);
    case 'send': return send(ask.port, ask.to, ask.text);
    case 'heard':
      await setImmediate(); // What the sockets hold already is read first.
      return sockets.get(ask.port)?.heard.splice(0) ?? [];
    case 'close':
      sockets.get(ask.port)?.socket.close();
      sockets.delete(ask.port);
      return null;
  }
}

function open(port: number, family: 4 | 6, mirror: boolean): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = createSocket({ type: family === 4 ? 'udp4' : 'udp6', ipv6Only: family === 6 });
    const heard: { from: string; text: string }[] = [];
    socket.once('error', reject);
    socket.on('message', (bytes, { address, port: fromPort }) => {
      heard.push({ from: `${address}:${fromPort}`, text: bytes.toString() });
      if (mirror) socket.send(`${address}:${fromPort}`, fromPort, address);
    });
    socket.bind(port, () => {
      const bound = socket.address().port;
      sockets.set(bound, { socket, heard });
      resolve(bound);
    });
  });
}

function send(port: number, to: string, text: string): Promise<null> {
  const colon = to.lastIndexOf(':');
  return new Promise((resolve, reject) => {
    const socket = sockets.get(port)?.socket;
    if (!socket) return reject(new Error('no such socket'));
    socket.send(text, Number(to.slice(colon + 1)), to.slice(0, colon), (error) => (error ? reject(error) : resolve(null)));
  });
}
