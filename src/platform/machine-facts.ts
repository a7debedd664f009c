import { createSocket } from 'node:dgram';
import { existsSync, readFileSync } from 'node:fs';
import { networkInterfaces, release } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { type MachineFacts } from '../helper/ports.ts';
import { systemProgram } from './command-runner.ts';
import { luidOf } from './windows-ip.ts';

const linuxFacts: MachineFacts = {
  kernelWireguard: async () => systemProgram('ip') !== undefined && systemProgram('wg') !== undefined && (existsSync('/sys/module/wireguard') || isModule('wireguard')),
  ipv6: async () => {
    try {
      return readFileSync('/proc/sys/net/ipv6/conf/default/disable_ipv6', 'utf8').trim() === '0';
    } catch {
      // A kernel without IPv6 has no such file.
      return false;
    }
  },
  deviceExists: async (device) => existsSync(`/sys/class/net/${device}`),
  udpPortFree,
};

/** Elsewhere there is no WireGuard in the kernel that these tools can reach, and IPv6 is always there. */
const otherFacts: MachineFacts = {
  kernelWireguard: async () => false,
  ipv6: async () => true,
  deviceExists: async (device) => Object.hasOwn(networkInterfaces(), device),
  udpPortFree,
};

/** Node lists no interface that has no address yet. */
const windowsFacts: MachineFacts = { ...otherFacts, deviceExists: async (device) => luidOf(device) !== undefined };

export const machineFacts: MachineFacts = process.platform === 'linux' ? linuxFacts : process.platform === 'win32' ? windowsFacts : otherFacts;

const portTries = { most: 6, pauseMs: 100 } as const;

/**
 * Takes the port on all addresses of both kinds, and gives it back. A machine without one kind has nobody on it. A taken port is asked
 * for again for half a second: an engine that was killed keeps its socket until its last thread is gone.
 */
async function udpPortFree(port: number): Promise<boolean> {
  for (let left: number = portTries.most; ; left--) {
    const taken = await Promise.all((['udp4', 'udp6'] as const).map((type) => isTaken(type, port)));
    if (!taken.includes(true)) return true;
    if (left === 1) return false;
    await pause(portTries.pauseMs);
  }
}

function isTaken(type: 'udp4' | 'udp6', port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createSocket({ type, ipv6Only: type === 'udp6' });
    const end = (answer: boolean) => socket.close(() => resolve(answer));
    socket.once('error', (error) => end('code' in error && error.code === 'EADDRINUSE'));
    socket.bind(port, () => end(false));
  });
}

/** True when the running kernel has the module on disk; adding the first device loads it. */
function isModule(name: string): boolean {
  return ['modules.dep', 'modules.builtin'].some((file) => {
    try {
      return readFileSync(`/lib/modules/${release()}/${file}`, 'utf8').includes(`/${name}.ko`);
    } catch {
      // No modules are installed for this kernel.
      return false;
    }
  });
}
