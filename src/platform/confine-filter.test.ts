import { expect, test } from 'vitest';
import { type Instruction, baseFilter, encodeFilter, noProgramsFilter } from './confine-filter.ts';

const arch = { x64: 0xc000_003e, arm64: 0xc000_00b7 } as const;

/** Runs a program as the kernel would, for the instructions that ours uses. */
function run(program: readonly Instruction[], call: { arch: number; nr: number; args?: readonly number[] }): string {
  let acc = 0;
  for (let pc = 0; pc < program.length; pc++) {
    const { code, jt, jf, k } = program[pc] as Instruction;
    if (code === 0x20) acc = k === 0 ? call.nr : k === 4 ? call.arch : (call.args?.[(k - 16) / 8] ?? 0);
    else if (code === 0x54) acc = (acc & k) >>> 0;
    else if (code === 0x06) return k === 0x7fff_0000 ? 'allow' : k === 0x8000_0000 ? 'kill' : `errno ${k & 0xffff}`;
    else pc += (code === 0x15 ? acc === k : code === 0x35 ? acc >>> 0 >= k >>> 0 : (acc & k) !== 0) ? jt : jf;
  }
  return 'ran off the end';
}

test.each([['x64', 101, 165, 41, 56, 16, 59], ['arm64', 117, 40, 198, 220, 29, 221]] as const)('%s: what is refused, and that the rest passes', (name, ptrace, mount, socket, clone, ioctl, execve) => {
  const base = baseFilter(name);
  const ask = (nr: number, ...args: readonly number[]): string => run(base, { arch: arch[name], nr, args });
  expect({
    foreign: run(base, { arch: name === 'x64' ? arch.arm64 : arch.x64, nr: 1 }),
    ptrace: ask(ptrace), mount: ask(mount), read: ask(0), execve: ask(execve), clone3: ask(435),
    thread: ask(clone, 0x3d0f00), newUser: ask(clone, 0x1000_0000 | 17), newNet: ask(clone, 0x4000_0000), fork: ask(clone, 17),
    unix: ask(socket, 1, 1, 0), tcp: ask(socket, 2, 1 | 0x80000, 6), udp6: ask(socket, 10, 2, 17), raw: ask(socket, 2, 3 | 0x80000, 1), raw6: ask(socket, 10, 3, 58),
    packet: ask(socket, 17, 3, 0), interfaces: ask(socket, 16, 3 | 0x80000, 0), netfilter: ask(socket, 16, 3, 12), vsock: ask(socket, 40, 1, 0), alg: ask(socket, 38, 5, 0),
    typing: ask(ioctl, 0, 0x5412), size: ask(ioctl, 0, 0x5413),
  }).toEqual({
    foreign: 'kill', ptrace: 'errno 1', mount: 'errno 1', read: 'allow', execve: 'allow', clone3: 'errno 38',
    thread: 'allow', newUser: 'errno 1', newNet: 'errno 1', fork: 'allow',
    unix: 'allow', tcp: 'allow', udp6: 'allow', raw: 'errno 1', raw6: 'errno 1', packet: 'errno 1', interfaces: 'allow', netfilter: 'errno 1', vsock: 'errno 1', alg: 'errno 1',
    typing: 'errno 1', size: 'allow',
  });
  const later = noProgramsFilter(name);
  const askLater = (nr: number, ...args: readonly number[]): string => run(later, { arch: arch[name], nr, args });
  expect([askLater(execve), askLater(clone, 0x3d0f00), askLater(clone, 17), askLater(0)]).toEqual(['errno 1', 'allow', 'errno 1', 'allow']);
});

test('x86_64 calls with the x32 bit are refused, whatever they are', () => {
  expect(run(baseFilter('x64'), { arch: arch.x64, nr: 0x4000_0000 + 520 })).toBe('errno 1');
});

test('every jump stays inside, and the kernel takes eight bytes each', () => {
  for (const program of [baseFilter('x64'), baseFilter('arm64'), noProgramsFilter('x64'), noProgramsFilter('arm64')]) {
    expect(program.filter(({ jt, jf }, pc) => pc + 1 + Math.max(jt, jf) >= program.length && jt + jf > 0)).toEqual([]);
    expect([program.length <= 4096, encodeFilter(program).length, program.every(({ jt, jf }) => jt < 256 && jf < 256)]).toEqual([true, program.length * 8, true]);
  }
});
