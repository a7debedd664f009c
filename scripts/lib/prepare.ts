import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ensureDebian, root, run, say, SetUpError, type Wanted } from './set-up.mjs';

const tunnelTools: readonly Wanted[] = [{ command: 'ip', package: 'iproute2', why: 'sets addresses and routes of the tunnel' }];
const speedTools: readonly Wanted[] = [
  { command: 'iperf3', package: 'iperf3', why: 'measures throughput' },
  { command: 'ping', package: 'iputils-ping', why: 'measures round trips' },
  { command: 'wg', package: 'wireguard-tools', why: 'configures an engine by hand, to compare with' },
];
const natTools: readonly Wanted[] = [
  { command: 'nft', package: 'nftables', why: 'routers that translate addresses' },
  { command: 'ping', package: 'iputils-ping', why: 'measures round trips' },
];

/** Puts in place what a script that runs real tunnels needs: tools, the tunnel engine, the bundles. Ends with one sentence when it cannot. */
export async function prepare({ why, iperf = false, nat = false }: { why: string; iperf?: boolean; nat?: boolean }): Promise<void> {
  try {
    if (process.platform !== 'linux') throw new SetUpError(`${why} runs on Linux only: it uses network namespaces`);
    if (process.getuid?.() !== 0) throw new SetUpError(`${why} makes network namespaces: run it as root`);
    ensureDebian([...tunnelTools, ...(iperf ? speedTools : []), ...(nat ? natTools : [])], { required: true });
    ensureEngine();
    build();
  } catch (error) {
    if (!(error instanceof SetUpError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  }
}

/** The tools that the tunnel itself needs. */
export function ensureTunnelTools(): void {
  ensureDebian(tunnelTools, { required: process.platform === 'linux' });
}

/** Fetches the fast build of the userspace engine into the project's cache, unless the kernel has WireGuard or it is there already. */
export function ensureEngine(): void {
  if (process.platform !== 'linux' || existsSync('/sys/module/wireguard')) return;
  if (existsSync(join(root, '.cache/wireguard-go/wireguard-go'))) return;
  say('fetching the tunnel engine wireguard-go into .cache (once)');
  run(process.execPath, [join(root, 'scripts/fetch-wireguard-go.ts'), join(root, '.cache/wireguard-go')], 'no tunnel engine could be had: install the package wireguard-go, then run the command again');
}

/**
 * Debian 12's own build, slower and without the fault of later ones that sends to wrong addresses where a machine has several IPv6 peers beside
 * IPv4 ones (docs/decisions/0013). Answers its folder.
 */
export function ensurePlainEngine(): string {
  const folder = join(root, '.cache/wireguard-go-bookworm');
  if (!existsSync(join(folder, 'wireguard-go'))) run(process.execPath, [join(root, 'scripts/fetch-wireguard-go.ts'), folder, 'bookworm'], 'Debian 12 has the package wireguard-go: install it, then run the command again');
  return folder;
}

const bundles = ['cli/cli.mjs', 'helper/helper.mjs', 'node/child.mjs', 'web/server.mjs'];

/** Whether the bundles that tests run are newer than all that they are made of. */
export function bundlesAreFresh(): boolean {
  const changedMs = (path: string): number => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const builtMs = Math.min(...bundles.map((name) => changedMs(join(root, 'dist', name))));
  const sources = readdirSync(join(root, 'src'), { recursive: true, withFileTypes: true }).filter((file) => file.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  return [...sources, join(root, 'package-lock.json'), join(root, 'scripts/build.ts')].every((path) => changedMs(path) < builtMs);
}

/** Bundles main, preload, web, cli, helper, node and renderer into dist/. */
export function build(): void {
  run(process.execPath, [join(root, 'scripts/build.ts')], 'the build failed: the lines above say where');
}
