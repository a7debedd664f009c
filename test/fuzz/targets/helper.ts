import { failureCodes } from '../../../src/base/failure.ts';
import { cell } from '../../../src/base/cell.ts';
import { type Clock } from '../../../src/base/clock.ts';
import { silentLog } from '../../../src/base/log.ts';
import { NodeSpec, TunnelState } from '../../../src/gen/webmesh/helper/v1/helper.ts';
import { createHostNode } from '../../../src/helper/host-node.ts';
import { parseOptions } from '../../../src/helper/options.ts';
import { openFences } from '../../../src/helper/tunnel/fence.ts';
import { parseJournal } from '../../../src/helper/tunnel/journal.ts';
import { errnoOf, parseDump, parseGet } from '../../../src/helper/tunnel/uapi.ts';
import { parseControl } from '../../../src/node/config.ts';
import { json, jsonLines } from '../shapes/json.ts';
import { text } from '../shapes/text.ts';
import { bytesOf, holds, jsonOf, refusals, type Target, utf8 } from '../target.ts';

const key = Buffer.alloc(32, 7);
const uapiAnswer = `private_key=${'00'.repeat(32)}\nlisten_port=51820\npublic_key=${key.toString('hex')}\nendpoint=[fd00::1]:5\nallowed_ip=10.0.0.1/32\npersistent_keepalive_interval=25\nlast_handshake_time_sec=5\nlast_handshake_time_nsec=9\nrx_bytes=7\ntx_bytes=18446744073709551615\nprotocol_version=1\nerrno=0\n\n`;
const dump = `${key.toString('base64')}\t${key.toString('base64')}\t51820\toff\n${key.toString('base64')}\t(none)\t10.0.0.1:5\t10.0.0.2/32,fd00::/64\t0\t1\t2\toff\n`;

const uapi: Target = {
  name: 'uapi', from: 'the tunnel engine', shape: text,
  open: () => ({
    seeds: [uapiAnswer, 'errno=-22\n\n', `${uapiAnswer}${uapiAnswer}`].map(bytesOf),
    run: (input) => {
      const answer = utf8(input);
      holds(typeof errnoOf(answer) === 'number', 'an answer has a number');
      const { peers } = parseGet(answer);
      return JSON.stringify(peers, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value)).length;
    },
  }),
};

const wgDump: Target = {
  name: 'wg-dump', from: 'the tool wg', shape: text,
  open: () => ({
    seeds: [bytesOf(dump)],
    run: (input) => {
      for (const { lastHandshakeMs, receiveBytes } of parseDump(utf8(input)).peers) holds(lastHandshakeMs >= 0n && receiveBytes >= 0n, 'counters are not negative');
      return undefined;
    },
  }),
};

const commandShapes = /^(wm[a-z0-9]{1,10}|utun\d{1,4}|[0-9a-f:.]{2,45}\/\d{1,3}|kernel|wireguard-go|remove-(device|address|route))$/;

/** What the journal says becomes arguments of commands that run as root. */
const journal: Target = {
  name: 'journal', from: 'whoever could write in the helper folder', shape: jsonLines, words: ['remove-device', 'remove-address', 'remove-route', '--', '-c', '; rm', 'wm0', '../'],
  open: () => ({
    seeds: [bytesOf([{ engine: 'kernel', step: { kind: 'remove-device', device: 'wmabc' } }, { engine: 'wireguard-go', step: { kind: 'remove-route', device: 'utun4', network: '10.0.0.0/8' } }, { engine: 'kernel', step: { kind: 'remove-address', device: 'wm0', address: 'fd00::1/128' } }].map((one) => JSON.stringify(one)).join('\n').concat('\n'))],
    run: (input) => {
      const read = parseJournal(utf8(input));
      if (read.kind === 'clean') return undefined;
      for (const { engine, step } of read.undos) for (const value of [engine, ...Object.values(step)]) holds(commandShapes.test(String(value)), `${String(value)} must not reach a command`);
      return undefined;
    },
  }),
};

const fence: Target = {
  name: 'fence', from: 'whoever could write in the helper folder', shape: json,
  open: () => ({
    seeds: [
      jsonOf({ tunnel: { epoch: '5', revision: '1' }, node: { epoch: '18446744073709551615', revision: '0' } }),
      jsonOf({ places: [{ uid: 1000, tunnelId: 'home', tunnel: { epoch: '5', revision: '1' }, node: { epoch: '4', revision: '2' } }, { uid: 0, tunnelId: 'work', tunnel: { epoch: '1', revision: '0' } }], before: { epoch: '1', revision: '9' } }),
    ],
    run: async (input) => {
      let text = '';
      const file = { read: async () => utf8(input), write: async (written: string) => void (text = written) };
      const fences = await openFences(file, () => false);
      const all = [fences.newest(1000), fences.of({ uid: 0, tunnelId: 'work' }).newest()];
      for (const { epoch, revision } of all) holds(epoch >= 0n && epoch < 2n ** 64n && revision < 2n ** 64n, 'a generation fits its field');
      const before = fences.newest(7);
      await fences.of({ uid: 7, tunnelId: 'x' }).pass('tunnel', { epoch: 2n ** 64n - 1n, revision: 2n ** 64n - 1n }).catch(() => {});
      holds(text.length < 32_768, 'what is written is bounded');
      if (text !== '') holds((await openFences({ read: async () => text, write: async () => {} }, () => false)).newest(7).epoch >= before.epoch, 'what was seen is not forgotten');
      return undefined;
    },
  }),
};

const control: Target = {
  name: 'node-control', from: 'the helper', shape: json,
  open: () => ({
    seeds: [
      jsonOf({ dataDir: '/d', socketPath: '/s', insecure: true, spec: { nodeId: 'a', tunnelId: 't', insecure: true, meshIpv4: '172.16.0.1', meshIpv6: 'fd00::1', raftPort: 1, endpoints: ['10.0.0.1'], publicAddresses: ['0.0.0.0'], services: { meshApi: true }, bootstrap: { networkName: 'n', ipv4Network: '10.0.0.0/8' } }, tunnel: { peers: [{ endpoint: 'x' }] } }),
      jsonOf({ dataDir: '/d', socketPath: '/s', spec: { nodeId: 'a', tunnelId: 't', identity: { privateKey: 'MAA=', chain: ['MAA=', 'MAA='], authorityKey: 'MAA=', authorityChain: ['MAA=', 'MAA='] } } }),
    ],
    run: (input) => {
      const config = refusals(() => parseControl(utf8(input)));
      if (config) holds(config.raftPort >= 1 && config.grpcPort <= 65_535 && config.nodeId.length > 0, 'a configuration is whole');
      return undefined;
    },
  }),
};

const place = { uid: 1000, tunnelId: 't' };
const stillClock: Clock = { nowMs: () => 0, monotonicMs: () => 0, after: () => () => {} };

/** The node process is not trusted: its report lines come to root. */
const report: Target = {
  name: 'node-report', from: 'the node process, when it was taken over', shape: json,
  open: async () => {
    let hear: (line: string) => void = () => {};
    const processes = {
      start: async (_: unknown, ears: { report(line: string): void }) => {
        hear = ears.report;
        return { pid: 1, dataDir: '/d', socketPath: '/s', ended: new Promise<never>(() => {}), send: () => {}, endInput: () => {}, kill: () => {} };
      },
      stopStray: async () => {},
    };
    const host = createHostNode({ place, processes, tunnel: cell(TunnelState.fromPartial({})), fence: (await openFences({ read: async () => undefined, write: async () => {} }, () => true)).of(place), clock: stillClock, log: silentLog });
    await host.set({ epoch: 1n, revision: 1n }, NodeSpec.fromPartial({ tunnelId: 't', nodeId: 'a', insecure: true }));
    return {
      seeds: [jsonOf({ ready: true }), jsonOf({ ready: false, problem: 'words', problemCode: 'node.port-in-use' })],
      run: (input) => {
        hear(utf8(input));
        const { problem, problemCode } = host.state.get();
        holds(problem.length <= 500 && (problemCode === '' || failureCodes.some((code) => code === problemCode)), 'only known codes and short sentences are kept');
        return undefined;
      },
    };
  },
};

const options: Target = {
  name: 'helper-argv', from: 'whoever starts the helper', shape: text, words: ['--run', '--owner', '--engine=', '--', '--no-detach', '-x'],
  open: () => ({
    seeds: ['--run\n/run/x\n--owner\n1000', '--engine\nkernel\n--detach', '--cache=/c'].map(bytesOf),
    run: (input) => {
      const read = refusals(() => parseOptions(utf8(input).slice(0, 4_096).split('\n')));
      if (read?.owner !== undefined) holds(Number.isSafeInteger(read.owner) && read.owner >= 0, 'an owner is a user');
      return undefined;
    },
  }),
};

export const helper: readonly Target[] = [uapi, wgDump, journal, fence, control, report, options];
