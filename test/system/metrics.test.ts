import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { missingForTunnels } from './helper-harness.ts';
import { type Host, lab } from './support/hosts.ts';

/** The endpoint that Prometheus scrapes, by Debian's own Prometheus, through real tunnels of a secured mesh. */
const cache = join(import.meta.dirname, '..', '..', '.cache', 'prometheus');
const programs = [cache, '/usr/bin'].find((folder) => existsSync(join(folder, 'prometheus')) && existsSync(join(folder, 'promtool')));
const missing = missingForTunnels() ?? (programs === undefined ? 'prometheus (node scripts/fetch-prometheus.ts)' : null);
const promtool = join(programs ?? '', 'promtool');
const port = 8080;

const machines = missing === null ? lab('mt') : null;
let founder: Host;
let member: Host;
let guest: Host;
let prometheus: ChildProcess | undefined;

async function start(): Promise<void> {
  if (machines === null) return;
  [founder, member, guest] = await Promise.all([machines.host('a', '192.168.83.1/24'), machines.host('b', '192.168.83.2/24'), machines.host('c', '192.168.83.3/24')]);
  await Promise.all([founder, member, guest].map((host) => host.until('health', ({ warnings }) => !warnings.some(({ code }) => code === 'helper-missing'))));
  await founder.client.call('mesh.create', { name: 'home' });
  await connect(founder);
  for (const [host, role] of [[member, 'member'], [guest, 'guest']] as const) {
    const { link } = await founder.client.call('invite.create', { role });
    await host.client.call('invite.redeem', { link });
    await connect(host);
  }
}

async function connect(host: Host): Promise<void> {
  await host.client.call('session.connect', {});
  await host.until('session', ({ phase }) => phase === 'connected', 40_000);
}

function lease(host: Host): { ipv4: string; ipv6: string } {
  const session = host.topic('session');
  if (session.phase !== 'connected') throw new Error(`${host.name} is ${session.phase}`);
  const bare = (text: string | null): string => (text ?? '').split('/')[0] ?? '';
  return { ipv4: bare(session.lease.ipv4), ipv6: bare(session.lease.ipv6) };
}

const idOf = (host: Host): string => host.topic('profiles').list[0]?.nodeId ?? '';
const deviceOf = (host: Host): string => /wm[a-z0-9]{10}/.exec(host.run('ip', '-brief', 'link'))?.[0] ?? '';

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly ms: number;
}

/** Asks from a machine, one request after the other, with Node's own client. A URL may begin with a method. Status 0: no answer. */
function ask(host: Host, ...requests: readonly string[]): readonly Answer[] {
  const script = `const answers = [];
    for (const request of process.argv.slice(1)) {
      const [url, method = 'GET'] = request.split(' ').reverse();
      const from = performance.now();
      const answer = await fetch(url, { method, signal: AbortSignal.timeout(5000) }).then(async (r) => ({ status: r.status, text: await r.text() }), (e) => ({ status: 0, text: String(e.cause ?? e) }));
      answers.push({ ...answer, ms: performance.now() - from });
    }
    console.log(JSON.stringify(answers));`;
  return JSON.parse(host.run(process.execPath, '--input-type=module', '-e', script, ...requests)) as Answer[];
}

/** The value of an instant query; NaN while there is none. */
function query(expression: string): number {
  const text = execFileSync('ip', ['netns', 'exec', 'mtb', promtool, 'query', 'instant', 'http://127.0.0.1:9090', expression], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  return Number(/=> (\S+) @/.exec(text)?.[1]);
}

function startPrometheus(targets: readonly string[]): void {
  const folder = join(member.folder, 'prometheus');
  mkdirSync(folder, { recursive: true });
  const config = { global: { scrape_interval: '1s', scrape_timeout: '1s' }, scrape_configs: [{ job_name: 'mesh', static_configs: [{ targets }] }] };
  writeFileSync(join(folder, 'prometheus.yml'), JSON.stringify(config));
  const args = [`--config.file=${join(folder, 'prometheus.yml')}`, `--storage.tsdb.path=${join(folder, 'data')}`, '--web.listen-address=127.0.0.1:9090', '--log.level=error'];
  prometheus = spawn('ip', ['netns', 'exec', 'mtb', join(programs ?? '', 'prometheus'), ...args], { stdio: ['ignore', 'ignore', 'inherit'] });
}

beforeAll(start);
afterAll(async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (prometheus === undefined || prometheus.exitCode !== null || !prometheus.once('exit', () => resolve()).kill('SIGKILL')) resolve();
  await promise;
  await machines?.close();
});

describe.skipIf(missing !== null)(`the metrics endpoint${missing === null ? '' : ` (missing: ${missing})`}`, () => {
  test('members read it on both mesh addresses, guests and strangers do not, and promtool has nothing to say', async () => {
    const { ipv4, ipv6 } = lease(founder);
    const url = `http://${ipv4}:${port}/metrics`;
    const url6 = `http://[${ipv6}]:${port}/metrics`;
    await expect.poll(() => ask(member, url)[0]?.status, { timeout: 10_000 }).toBe(200);
    const [, first, ...others] = ask(member, url, url, url6, `POST ${url}`, `HEAD ${url}`, `http://${ipv4}:${port}/`);
    const page = first ?? { status: 0, text: '', ms: 0 };
    expect([page.status, ...others.map(({ status }) => status), others[2]?.text]).toEqual([200, 200, 405, 200, 404, '']);
    // Nothing listens for the network outside of the tunnel.
    const refused = ask(guest, url, url6, `http://192.168.83.1:${port}/metrics`);
    expect([...refused.map(({ status }) => status), refused[2]?.text.includes('ECONNREFUSED')]).toEqual([403, 403, 0, true]);
    expect(ask(founder, url)[0]?.status).toBe(200);
    expect(execFileSync(promtool, ['check', 'metrics'], { input: page.text, encoding: 'utf8', stdio: ['pipe', 'pipe', 'pipe'] })).toBe('');
    // The founder joins its own mesh like the others.
    const joins = /^grpc_server_handled_total\{grpc_type="unary",grpc_service="v1\.Node",grpc_method="Join",grpc_code="OK"\} (\d+)$/m.exec(page.text)?.[1];
    expect(Number(joins)).toBeGreaterThanOrEqual(2);
    console.log(`scrape through the tunnel: ${page.ms.toFixed(0)} ms, ${page.text.length} bytes, ${page.text.match(/^# TYPE/gm)?.length} figures`);
  });

  test("Prometheus scrapes through the tunnel, and a peer's bytes are those of wg", async () => {
    const [far, own] = [lease(founder), lease(member)];
    const targets = [`${far.ipv4}:${port}`, `[${far.ipv6}]:${port}`, `${own.ipv4}:${port}`];
    startPrometheus(targets);
    const up = () => { try { return query('sum(up{job="mesh"})'); } catch { return 0; } };
    await expect.poll(up, { timeout: 15_000, interval: 200 }).toBe(3);
    expect(query(`webmesh_build_info{instance="${targets[0] ?? ''}",node="${idOf(founder)}"}`)).toBe(1);
    // Without a cable nothing is sent, so the counters stand still: of the tunnel, in the node, in Prometheus.
    member.cable('down');
    const publicKey = member.topic('peers').list.find(({ id }) => id === idOf(founder))?.publicKey ?? '';
    const wg = (): readonly (number | undefined)[] => {
      const line = execFileSync('wg', ['show', deviceOf(member), 'transfer'], { encoding: 'utf8' }).split('\n').find((each) => each.startsWith(publicKey));
      return line?.split('\t').slice(1).map(Number) ?? [];
    };
    const scraped = (): readonly number[] => ['receive', 'transmit'].map((name) => query(`webmesh_wireguard_${name}_bytes_total{instance="${targets[2] ?? ''}",peer="${idOf(founder)}"}`));
    await expect.poll(() => ({ bytes: scraped(), of: wg() }), { timeout: 10_000, interval: 500 }).toSatisfy(({ bytes, of }: { bytes: readonly number[]; of: readonly number[] }) => of.length === 2 && bytes.every((value, i) => value === of[i]));
    const [received, sent] = wg();
    expect(scraped()).toEqual([received, sent]);
    expect(received).toBeGreaterThan(10_000);
    member.cable('up');
    console.log(`bytes of a peer, in Prometheus as in wg: ${received} received, ${sent} sent`);
  });
});
