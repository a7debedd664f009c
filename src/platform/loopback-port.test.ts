import { afterEach, expect, test } from 'vitest';
import { loopbackPorts } from './loopback-port.ts';
import { closeUdp, openUdp } from './udp-socket.ts';

const open: { close(): unknown }[] = [];
afterEach(() => {
  for (const each of open.splice(0)) each.close();
});

test('carries between the tunnel\'s port and its owner, hears nobody else, and outlives the tunnel', async () => {
  const tunnel = await openUdp({ family: 4, host: '127.0.0.1' });
  const stranger = await openUdp({ family: 4, host: '127.0.0.1' });
  open.push(stranger);
  const wireguardPort = tunnel.address().port;
  const heard: string[] = [];
  let told = (): void => {};
  const port = await loopbackPorts.open(wireguardPort, (datagram) => {
    heard.push(Buffer.from(datagram).toString());
    told();
  });
  open.push(port);
  const at = Number(port.endpoint.split(':')[1]);
  const arrival = (): Promise<void> => new Promise((resolve) => {
    told = resolve;
  });

  const delivered = new Promise<string>((resolve) => tunnel.once('message', (bytes, from) => resolve(`${bytes} from ${from.address}:${from.port}`)));
  port.deliver(Buffer.from('in'));
  expect(await delivered).toBe(`in from ${port.endpoint}`);

  let arrived = arrival();
  stranger.send('forged', at, '127.0.0.1');
  tunnel.send('out', at, '127.0.0.1');
  await arrived;

  await new Promise<void>((resolve) => tunnel.close(() => resolve()));
  for (let i = 0; i < 3; i++) port.deliver(Buffer.from('nobody there'));
  const again = await openUdp({ family: 4, host: '127.0.0.1', port: wireguardPort });
  arrived = arrival();
  again.send('again', at, '127.0.0.1');
  await arrived;
  expect(heard).toEqual(['out', 'again']);

  port.close();
  port.close();
  port.deliver(Buffer.from('after the end'));
  closeUdp(again);
});
