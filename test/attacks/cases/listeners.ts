/**
 * Every TCP listener of a secured node against those who want less than TLS 1.3, who never finish a handshake, who send too much or garbage;
 * and every dial of ours against a server that pretends.
 */
import { createServer as createHttp2 } from 'node:http2';
import { connect as connectTcp, createServer as createTcp, type AddressInfo, type Server } from 'node:net';
import { createServer as createTls } from 'node:tls';
import { isFailure } from '../../../src/base/failure.ts';
import { MeshService } from '../../../src/gen/v1/mesh.ts';
import { createSockets } from '../../../src/platform/sockets.ts';
import { meshClient } from '../../../src/platform/mesh-client.ts';
import { pemOf } from '../../../src/platform/tls.ts';
import { grpcPort, raftPort } from '../../node/local-cluster.ts';
import { createMeshKeys } from '../../node/mesh-keys.ts';
import { type Attack, demand, pause, summary, until } from '../attack.ts';
import { openGrpc, outcomeOf, tlsTo } from '../clients/grpc.ts';
import { call, memberWorks, meshWorld } from '../worlds/mesh.ts';

const ports = [['h2', grpcPort], ['webmesh-raft', raftPort]] as const;

/** How a raw connection ends. */
function sendRaw(host: string, port: number, bytes: string | Buffer, waitMs = 2_000): Promise<string> {
  return new Promise((resolve) => {
    const socket = connectTcp(port, host);
    let got = 0;
    const timer = setTimeout(() => socket.destroy(), waitMs);
    socket.on('error', () => {}).on('data', (data) => (got += data.length));
    socket.on('close', () => {
      clearTimeout(timer);
      // A TLS alert is the polite way to say no.
      resolve(got > 64 ? 'answered' : 'closed');
    });
    socket.write(bytes);
  });
}

/** A server of an attacker on loopback that counts what it is told. */
async function trap(server: Server, heard: () => number, dial: (port: number) => Promise<unknown>): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    await dial((server.address() as AddressInfo).port);
    return 'it talked';
  } catch (error) {
    return `${isFailure(error) ? error.code.split('.')[0] : 'refused'}, ${heard()} bytes said`;
  } finally {
    server.close();
  }
}

export const listeners: readonly Attack[] = [
  {
    name: 'downgrade-to-clear-text', aim: 'mesh API, Raft port', expected: 'closed', counter: memberWorks,
    attack: async () => {
      const { address } = await meshWorld();
      const preface = Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0])]);
      const upgrade = 'GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n';
      const raw = await Promise.all(['host', 'voter', 'member'].flatMap((to) => [preface, upgrade].flatMap((bytes) => ports.map(([, port]) => sendRaw(address(to), port, bytes)))));
      return summary([...raw, (await outcomeOf(call('host', 'clear-text', MeshService.listNodes, {}))).replace('connection closed', 'closed')]);
    },
  },
  {
    name: 'downgrade-to-tls-1.2', aim: 'mesh API, Raft port', expected: 'closed', counter: memberWorks,
    attack: async () => {
      const { address, identity } = await meshWorld();
      const tries = ['host', 'member'].flatMap((to) => ports.map(([alpn, port]) => tlsTo(address(to), port, { as: identity('voter'), alpn: [alpn], maxVersion: 'TLSv1.2' }).then((socket) => (socket.destroy(), 'open'), () => 'closed')));
      return summary(await Promise.all(tries));
    },
  },
  {
    name: 'session-resumed', aim: 'mesh API, Raft port', expected: 'closed', counter: memberWorks,
    // With the session of a proven member and no certificate: who resumes proves nothing anew.
    attack: async () => {
      const { address, identity } = await meshWorld();
      const seen = await Promise.all(ports.map(async ([alpn, port]) => {
        const first = await tlsTo(address('host'), port, { as: identity('voter'), alpn: [alpn] });
        const session = await new Promise<Buffer | undefined>((resolve) => {
          first.once('session', resolve);
          setTimeout(() => resolve(undefined), 1_000);
        });
        first.destroy();
        if (session === undefined) return 'closed';
        const again = await tlsTo(address('host'), port, { as: null, alpn: [alpn], session }).catch(() => undefined);
        if (again === undefined) return 'closed';
        const ended = new Promise<string>((resolve) => again.resume().once('close', () => resolve('closed')));
        const seen = again.isSessionReused() ? await Promise.race([ended, pause(1_000).then(() => 'resumed')]) : 'closed';
        again.destroy();
        return seen;
      }));
      return summary(seen);
    },
  },
  {
    name: 'server-in-clear-text', aim: 'our dials', expected: 'auth, 0 bytes said', counter: memberWorks,
    attack: async () => {
      const { identity, cluster } = await meshWorld();
      let said = 0;
      const http = createHttp2();
      http.on('stream', (stream) => stream.on('data', (data: Buffer) => (said += data.length)).respond({ ':status': 200 }, { endStream: true }));
      const own = identity('member');
      const asMember = await trap(http as unknown as Server, () => said, async (port) => {
        const mesh = meshClient.dial(`127.0.0.1:${port}`, { kind: 'mtls', identity: own, expectId: 'host' });
        await mesh.listNodes(AbortSignal.timeout(8_000)).finally(() => mesh.close());
      });
      const tcp = createTcp((socket) => socket.on('error', () => {}).once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')));
      const asStranger = await trap(tcp, () => 0, async (port) => {
        const mesh = meshClient.dial(`127.0.0.1:${port}`, { kind: 'enrolling', root: cluster.keys.root, expectId: 'host' });
        await mesh.enroll({ inviteId: 'x', token: Buffer.alloc(32), certificateRequest: Buffer.alloc(1), nodeId: 'x', deviceName: 'x' }, AbortSignal.timeout(8_000)).finally(() => mesh.close());
      });
      return summary([asMember, asStranger].map((one) => one.replace(/^mesh/, 'auth')));
    },
  },
  {
    name: 'server-with-another-certificate', aim: 'our dials', expected: 'auth, 0 bytes said',
    counter: async () => {
      const { identity, address } = await meshWorld();
      const mesh = meshClient.dial(`${address('host')}:${grpcPort}`, { kind: 'mtls', identity: identity('member'), expectId: 'host' });
      await mesh.listNodes(AbortSignal.timeout(8_000)).finally(() => mesh.close());
    },
    attack: async () => {
      const { identity, cluster } = await meshWorld();
      const foreign = await (await createMeshKeys('test')).device('host');
      const seen: string[] = [];
      // Another mesh's "host"; a true member that pretends to be the host; the same over TLS 1.2.
      for (const [as, maxVersion] of [[foreign, 'TLSv1.3'], [identity('guest'), 'TLSv1.3'], [identity('host'), 'TLSv1.2']] as const) {
        let said = 0;
        const options = { key: pemOf(as.privateKey, 'PRIVATE KEY'), cert: as.chain.map((der) => pemOf(der)).join(''), ALPNProtocols: ['h2', 'webmesh-raft'], minVersion: 'TLSv1.2', maxVersion } as const;
        const count = createTls(options, (socket) => socket.on('error', () => {}).on('data', (data) => (said += data.length)));
        count.on('tlsClientError', () => {});
        seen.push(await trap(count, () => said, async (port) => {
          const mesh = meshClient.dial(`127.0.0.1:${port}`, { kind: 'enrolling', root: cluster.keys.root, expectId: 'host' });
          await mesh.enroll({ inviteId: 'x', token: Buffer.alloc(32, 7), certificateRequest: Buffer.alloc(1), nodeId: 'x', deviceName: 'x' }, AbortSignal.timeout(8_000)).finally(() => mesh.close());
        }));
        const raft = createTls(options, (socket) => socket.on('error', () => {}).on('data', (data) => (said += data.length)));
        raft.on('tlsClientError', () => {});
        seen.push(await trap(raft, () => said, (port) => createSockets(() => identity('voter')).connect('127.0.0.1', port, 'host', AbortSignal.timeout(8_000))));
      }
      return summary(seen.map((one) => one.replace(/^mesh/, 'auth')));
    },
  },
  {
    name: 'slow-loris-handshakes', aim: 'mesh API, Raft port', expected: 'all closed in time, and members are served meanwhile', counter: memberWorks,
    attack: async () => {
      const { address } = await meshWorld();
      const hello = Buffer.from('16030100c8010000c40303', 'hex');
      const open = Array.from({ length: 400 }, (_, i) => connectTcp({ host: address('host'), port: ports[i % 2]?.[1] as number, localAddress: `127.${(process.pid % 14) + 1}.200.${1 + (i % 60)}` }).on('error', () => {}));
      for (const [i, socket] of open.entries()) if (i % 3 > 0) socket.write(hello.subarray(0, 1 + (i % hello.length)));
      await pause(300);
      const beganMs = performance.now();
      await memberWorks();
      const servedMs = performance.now() - beganMs;
      for (const socket of open) socket.resume();
      await until(() => open.every((socket) => socket.destroyed || socket.readableEnded), 14_000, 'all are closed').finally(() => open.forEach((socket) => socket.destroy()));
      return servedMs < 5_000 ? 'all closed in time, and members are served meanwhile' : `members waited ${Math.round(servedMs)} ms`;
    },
  },
  {
    name: 'half-open-connections', aim: 'mesh API', expected: 'members are served, and a stranger keeps no connection', counter: memberWorks,
    attack: async () => {
      const { address } = await meshWorld();
      const silent = await Promise.all(Array.from({ length: 100 }, (_, i) => tlsTo(address('host'), grpcPort, { as: null, from: `127.${(process.pid % 14) + 1}.201.${1 + i}` })));
      await memberWorks();
      const more = await Promise.all(Array.from({ length: 250 }, (_, i) => tlsTo(address('host'), grpcPort, { as: null, from: `127.${(process.pid % 14) + 1}.202.${1 + (i % 250)}` }).catch(() => undefined)));
      await pause(500);
      const all = [...silent, ...more.filter((socket) => socket !== undefined)];
      const stay = all.filter((socket) => !socket.destroyed && !socket.readableEnded && socket.readyState === 'open').length;
      await memberWorks();
      for (const socket of all) socket.destroy();
      return stay <= 256 ? 'members are served, and a stranger keeps no connection' : `${stay} strangers stay`;
    },
  },
  {
    name: 'oversized-message', aim: 'mesh API', expected: /^RESOURCE_EXHAUSTED|^connection closed/, counter: memberWorks,
    attack: async () => {
      const { address, identity } = await meshWorld();
      const channel = await openGrpc(address('host'), grpcPort, { as: identity('member') });
      const announced = Buffer.concat([Buffer.from([0, 0xff, 0xff, 0xff, 0xff]), Buffer.alloc(1_000)]);
      const seen = [await outcomeOf(channel.send(MeshService.listNodes.path, new Uint8Array(8 << 20))), await outcomeOf(channel.send(MeshService.listNodes.path, new Uint8Array(), {}, announced))];
      channel.close();
      return summary(seen);
    },
  },
  {
    name: 'malformed-messages', aim: 'mesh API', expected: 'refused, and members are served', counter: memberWorks,
    attack: async () => {
      const { address, identity } = await meshWorld();
      const garbage = Buffer.alloc(300, 0xff);
      const bad = [garbage, Buffer.from('0a05', 'hex'), Buffer.from('0a8080808080808080808001', 'hex'), Buffer.alloc(2_000, 0x0b)];
      const channel = await openGrpc(address('host'), grpcPort, { as: identity('member') });
      const paths = ['/v1.Node/Join', '/v1.Mesh/GetNode', '/v1.Node/Leave', '/webmesh.trust.v1.EnrollmentService/Enroll', '/webmesh.trust.v1.TrustService/Renew'];
      const seen = await Promise.all(paths.flatMap((path) => bad.map((bytes) => outcomeOf(channel.send(path, bytes)))));
      const frames = await Promise.all([Buffer.from([1, 0, 0, 0, 3, 1, 2, 3]), Buffer.from([0]), Buffer.alloc(0)].map((frame) => outcomeOf(channel.send('/v1.Mesh/ListNodes', new Uint8Array(), {}, frame))));
      const headers = await outcomeOf(channel.send('/v1.Mesh/ListNodes', new Uint8Array(), { 'grpc-encoding': 'gzip', 'x-long': 'a'.repeat(60_000) })).catch(() => 'refused');
      channel.close();
      await Promise.all([sendRaw(address('host'), grpcPort, Buffer.alloc(100_000, 0xff)), sendRaw(address('host'), grpcPort, '16030100'.repeat(5_000))]);
      await memberWorks();
      const letIn = [...seen, ...frames].flatMap((one, i) => (one === 'let in' ? [i] : []));
      demand(headers.length > 0, 'headers were judged');
      return letIn.length === 0 ? 'refused, and members are served' : `let in: ${letIn.join(', ')}`;
    },
  },
  {
    name: 'words-into-the-log', aim: 'mesh API', expected: 'nothing was printed', counter: memberWorks,
    attack: async () => {
      const { address } = await meshWorld();
      const printed: string[] = [];
      const real = [process.stderr.write, process.stdout.write] as const;
      const hear = (text: unknown): boolean => printed.push(String(text)) > 0;
      Object.assign(process.stderr, { write: hear });
      Object.assign(process.stdout, { write: hear });
      try {
        const channel = await openGrpc(address('host'), grpcPort, { as: null });
        for (const words of ['certified\thost', 'caf\u00e9', 'a'.repeat(9_000)]) await outcomeOf(channel.send('/v1.Mesh/ListNodes', new Uint8Array(), { 'webmesh-caller': words, 'x-said': words }));
        channel.close();
      } finally {
        Object.assign(process.stderr, { write: real[0] });
        Object.assign(process.stdout, { write: real[1] });
      }
      return printed.length === 0 ? 'nothing was printed' : printed.join(' ').slice(0, 80);
    },
  },
  {
    name: 'malformed-before-proof', aim: 'mesh API, Raft port', expected: 'closed', counter: memberWorks,
    attack: async () => {
      const { address } = await meshWorld();
      const junk = [Buffer.alloc(70_000, 0x16), Buffer.from('\x16\x03\x01\xff\xff'.repeat(100), 'latin1'), Buffer.from('SSH-2.0-x\r\n'), Buffer.alloc(1), Buffer.from([0x80, 0x2e, 1, 0, 2])];
      return summary(await Promise.all(ports.flatMap(([, port]) => junk.map((bytes) => sendRaw(address('host'), port, bytes, 14_000)))));
    },
  },
];
