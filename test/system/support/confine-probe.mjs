/**
 * Stands in the place of the node process and tries what it must never do, and what it must be able to do; told on its standard input
 * as one JSON line, it answers on its standard output as one.
 */
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { lookup } from 'node:dns/promises';
import { readFileSync, readdirSync, renameSync, symlinkSync, writeFileSync, mkdirSync, statfsSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { createInterface } from 'node:readline';
import { Worker } from 'node:worker_threads';

const koffi = createRequire(import.meta.url)('koffi');
const c = koffi.load(null);
const syscall = c.func('long syscall(long n, int64_t a, int64_t b, int64_t c, int64_t d, int64_t e)');
const nr = process.arch === 'x64'
  ? { ptrace: 101, mount: 165, unshare: 272, setns: 308, readv: 310, bpf: 321, perf: 298, userfaultfd: 323, keyctl: 250, initModule: 175, kexec: 246, reboot: 169, swapon: 167, uring: 425, chroot: 161, execve: 59, execveat: 322, memfd: 319, clone: 56, socket: 41, rlimit: 302, mknodat: 259, landlock: 444 }
  : { ptrace: 117, mount: 40, unshare: 97, setns: 268, readv: 270, bpf: 280, perf: 241, userfaultfd: 282, keyctl: 219, initModule: 105, kexec: 104, reboot: 142, swapon: 224, uring: 425, chroot: 51, execve: 221, execveat: 281, memfd: 279, clone: 220, socket: 198, rlimit: 261, mknodat: 33, landlock: 444 };
const names = Object.fromEntries(Object.entries(koffi.os.errno).map(([name, value]) => [value, name]));

function attempt(run) {
  try {
    return `DONE ${String(run() ?? '').slice(0, 40)}`.trim();
  } catch (error) {
    const why = error.code ?? error.message;
    // Another number means that the kernel looked at what was asked.
    return `${['EPERM', 'EACCES', 'not dumpable'].includes(why) ? 'refused' : 'PASSED'} ${why}`;
  }
}
/** A call that answers with a negative number when it is refused. */
function call(number, ...args) {
  return attempt(() => {
    const padded = [...args, 0, 0, 0, 0, 0].slice(0, 5);
    if (syscall(number, ...padded) < 0) throw new Error(names[koffi.errno()] ?? koffi.errno());
  });
}
const pinned = [];
const text = (value) => {
  const bytes = Buffer.from(`${value}\0`);
  pinned.push(bytes);
  return koffi.address(bytes);
};
const block = (size) => {
  const bytes = Buffer.alloc(size);
  pinned.push(bytes);
  return koffi.address(bytes);
};
const pointers = (...values) => {
  const bytes = Buffer.alloc(8 * (values.length + 1));
  values.forEach((value, i) => bytes.writeBigUInt64LE(value, 8 * i));
  pinned.push(bytes);
  return koffi.address(bytes);
};

function forbidden({ files, outside, victim, free }) {
  const shell = text('/bin/sh');
  const argv = pointers(shell, text('-c'), text('exit 0'));
  const memfd = () => {
    const fd = syscall(nr.memfd, text('x'), 0, 0, 0, 0);
    if (fd >= 0) writeFileSync(`/proc/self/fd/${fd}`, '#!/bin/sh\n');
    return fd;
  };
  return {
    ...Object.fromEntries(Object.entries(files).map(([name, path]) => [`read ${name}`, attempt(() => `${readFileSync(path).length} bytes`)])),
    'read another process': attempt(() => `${readFileSync(`/proc/${victim}/cmdline`).length} bytes`),
    'read the list of processes': attempt(() => readdirSync('/proc').length),
    'list /': attempt(() => readdirSync('/').length),
    'write outside': attempt(() => writeFileSync(join(outside, `mine-${process.pid}`), 'x')),
    'move something outside': attempt(() => renameSync(process.env.HOME + '/a', join(outside, 'a'))),
    'make a folder outside': attempt(() => mkdirSync(join(outside, `folder-${process.pid}`))),
    'make a symbolic link in its own folder': attempt(() => symlinkSync('/etc', process.env.HOME + '/link')),
    'make a device': call(nr.mknodat, -100, text(process.env.HOME + '/null'), 0o20666, 259),
    'open the tunnel device': attempt(() => readFileSync('/dev/net/tun')),
    'trace another': call(nr.ptrace, 0x4206, victim, 0, 0),
    'read another\'s memory': call(nr.readv, victim, pointers(block(8), 8n), 1, pointers(block(8), 8n), 1),
    'signal another': attempt(() => process.kill(victim, 0)),
    mount: call(nr.mount, text('none'), text('/tmp'), text('tmpfs'), 0, 0),
    chroot: call(nr.chroot, text('/')),
    'a new user namespace': call(nr.unshare, 0x1000_0000),
    'a new network namespace': call(nr.unshare, 0x4000_0000),
    'another namespace': call(nr.setns, 0, 0),
    'start /bin/sh': attempt(() => { const { error, status } = spawnSync('/bin/sh', ['-c', 'exit 0']); if (error) throw error; return status; }),
    'start itself again': attempt(() => { const { error, status } = spawnSync(process.execPath, ['-e', '0']); if (error) throw error; return status; }),
    // Where it works, this process is no more.
    'become what it wrote': free ? 'PASSED (not tried)' : call(nr.execveat, memfd(), text(''), argv, pointers(), 0x1000),
    // Signal handlers are shared by threads alone, so the kernel itself would call this one nonsense.
    'a second process': call(nr.clone, 0x800, 0, 0, 0, 0),
    'a raw socket': call(nr.socket, 2, 3, 1),
    'a packet socket': call(nr.socket, 17, 3, 0),
    'a netfilter socket': call(nr.socket, 16, 3, 12),
    'an old family of sockets': call(nr.socket, 38, 5, 0),
    bpf: call(nr.bpf, 0, block(64), 64),
    perf_event_open: call(nr.perf, block(128), 0, -1, -1, 0),
    userfaultfd: call(nr.userfaultfd, 1),
    keyctl: call(nr.keyctl, 0, -3, 1),
    init_module: call(nr.initModule, block(8), 8, text('')),
    kexec_load: call(nr.kexec, 0, 0, 0, 0),
    reboot: call(nr.reboot, 0, 0, 0, 0),
    swapon: call(nr.swapon, text('/x'), 0),
    io_uring: call(nr.uring, 1, block(256)),
    'allow core dumps again': attempt(() => {
      const limits = Buffer.alloc(16);
      limits.writeBigUInt64LE(1n << 20n, 0);
      limits.writeBigUInt64LE(1n << 20n, 8);
      pinned.push(limits);
      if (syscall(nr.rlimit, 0, 4, koffi.address(limits), 0, 0) < 0) throw new Error(names[koffi.errno()]);
    }),
    'be dumped': attempt(() => { if (c.func('int prctl(int o, unsigned long a, unsigned long b, unsigned long c, unsigned long d)')(3, 0, 0, 0, 0) === 0) throw new Error('not dumpable'); }),
    'become root': attempt(() => process.setuid(0)),
  };
}

async function needed({ socketPath }) {
  const results = {};
  const must = async (name, run) => {
    try {
      results[name] = (await run()) ?? 'fine';
    } catch (error) {
      results[name] = `${error.code ?? ''} ${error.message}`;
    }
  };
  const listening = (...where) => new Promise((resolve, reject) => {
    const server = createServer().on('error', reject).listen(...where, () => server.close(() => resolve()));
  });
  const home = process.env.HOME;
  await must('a database of its own', () => {
    const db = new DatabaseSync(join(home, 'x.db'));
    db.exec('PRAGMA journal_mode=WAL; CREATE TABLE t(a); INSERT INTO t VALUES(1); CREATE TEMP TABLE u AS SELECT * FROM t;');
    db.close();
  });
  await must('files moved in its own folder', () => {
    writeFileSync(join(home, 'new'), 'x');
    renameSync(join(home, 'new'), join(home, 'old'));
  });
  await must('its socket', () => listening(socketPath));
  await must('a port', () => listening(0, '127.0.0.1'));
  await must('names', async () => void (await lookup('localhost')));
  await must('interfaces', () => void Object.keys(networkInterfaces()));
  await must('a thread', () => new Promise((resolve, reject) => new Worker('0', { eval: true }).on('error', reject).on('exit', () => resolve())));
  await must('what metrics read', () => { for (const path of ['/proc/stat', '/proc/meminfo', '/proc/loadavg', '/proc/self/mounts', '/proc/1/cgroup', '/etc/os-release']) readFileSync(path); });
  await must('disk space', () => void statfsSync('/'));
  await must('its time zone', () => void Intl.DateTimeFormat().resolvedOptions().timeZone);
  await must('an addon', () => void koffi.version);
  await must('peer connections', () => peersMeet(createRequire(import.meta.url)('node-datachannel')));
  return results;
}

/** Two ends in this process open a data channel over loopback. */
function peersMeet({ PeerConnection }) {
  const [a, b] = ['a', 'b'].map((name) => new PeerConnection(name, { iceServers: [], bindAddress: '127.0.0.1', disableAutoNegotiation: true }));
  pinned.push(a, b);
  a.onLocalDescription((sdp, type) => {
    b.setRemoteDescription(sdp, type);
    b.setLocalDescription('answer');
  });
  b.onLocalDescription((sdp, type) => a.setRemoteDescription(sdp, type));
  a.onLocalCandidate((line, mid) => setTimeout(() => b.addRemoteCandidate(line, mid), 20));
  b.onLocalCandidate((line, mid) => a.addRemoteCandidate(line, mid));
  const channels = [a, b].map((each) => each.createDataChannel('x', { negotiated: true, id: 0 }));
  pinned.push(channels);
  return new Promise((resolve, reject) => {
    setTimeout(() => reject(new Error('did not open')), 8_000).unref();
    channels[0].onOpen(() => resolve());
    a.setLocalDescription('offer');
  });
}

createInterface({ input: process.stdin }).once('line', async (line) => {
  const order = JSON.parse(line);
  if (order.quick) return process.stdout.write('{"quick":true}\n');
  if (order.crash) return process.abort();
  writeFileSync(join(process.env.HOME, 'a'), 'x');
  process.stdout.write(`${JSON.stringify({ forbidden: forbidden(order), needed: await needed(order) })}\n`);
}).on('close', () => process.exit(0));
