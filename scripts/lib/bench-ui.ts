import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright';
import { build } from 'vite';
import { type FakeServer, serveFake } from '../../test/fakes/serve-fake.ts';
import { median, print, quantile, verdict } from './bench-figures.ts';
import { spreadOf, tracedFrames } from './bench-frames.ts';

/**
 * The peer list with ten thousand peers in Chromium, over a made-up core: what a person waits for. Two cores and no graphics card draw here,
 * so frames are slower than on a desk. Nothing is asserted.
 */
const peers = 10_000;
const rounds = 5;
const scrollMs = 8_000;
/** What was promised of a frame, p95. */
const frameMsMax = 16;
const pages = join(import.meta.dirname, '../../.cache/bench-ui');
const words = ['node-7', 'node-77', 'node-777', '172.16.4', 'member', 'attic', 'relay', 'node-9 172', 'nothing-like-this', 'n'];

export async function benchUi(): Promise<void> {
  await build({ configFile: join(import.meta.dirname, '../../src/renderer/vite.config.ts'), logLevel: 'warn', build: { outDir: pages, emptyOutDir: true } });
  print(`machine: ${cpus().length} × ${cpus()[0]?.model.trim()}, load ${loadavg()[0]?.toFixed(1)} at the start`);
  const browser = await chromium.launch({ executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu', '--js-flags=--expose-gc'] });
  try {
    await firstPaints(browser);
    await still(browser);
    await moving(browser);
    print(`load ${loadavg()[0]?.toFixed(1)} at the end`);
  } finally {
    await browser.close();
  }
}

/** From the start of the navigation: text on the screen, and the first rows. */
async function firstPaints(browser: Browser): Promise<void> {
  const seen: { readonly paint: number; readonly rows: number }[] = [];
  for (let round = 0; round < rounds; round++) seen.push(await opened(browser, 0, (page) => page.evaluate<{ paint: number; rows: number }>(timesOf)));
  print(`first paint of ${peers.toLocaleString('en')} peers: text after ${spread(seen.map(({ paint }) => paint))}, rows after ${spread(seen.map(({ rows }) => rows))} (${rounds} loads)`);
}

async function still(browser: Browser): Promise<void> {
  await opened(browser, 0, async (page) => {
    print(`scrolling, nothing changes: ${await scrolling(browser, page)}`);
    print(`keystroke in the search to the painted result: ${spread(await keystrokes(page))} (${words.length * 3} keystrokes)`);
    await page.getByLabel('Groups').selectOption('owner');
    print(`the same in groups: ${spread(await keystrokes(page))}; scrolling in groups: ${await scrolling(browser, page)}`);
    print(`memory of the page's JavaScript: ${await heapMiB(page)} MiB after collection, with every figure above behind it`);
  });
}

/** A hundred peers count on and five hundred change their way each second; the whole list arrives anew. */
async function moving(browser: Browser): Promise<void> {
  await opened(browser, 1_000, async (page, _server, received) => {
    print(`scrolling while six hundred rows change each second: ${await scrolling(browser, page)}`);
    const [whole = 0, ...changes] = received();
    print(`of the peers, the page was sent ${kibibytes(whole)} at first, and ${kibibytes(median(changes))} (median of ${changes.length}) for each change`);
  });
}

async function opened<T>(browser: Browser, tickMs: number, look: (page: Page, server: FakeServer, received: () => readonly number[]) => Promise<T>): Promise<T> {
  const server = await serveFake({ scene: 'crowd', peers, root: pages, tickMs });
  const context = await browser.newContext({ viewport: { width: 1280, height: 820 } });
  const page = await context.newPage();
  try {
    const sizes: number[] = [];
    page.on('websocket', (socket) => socket.on('framereceived', ({ payload }) => void (/^.{0,32}"name":"peers"/.test(String(payload).slice(0, 64)) && sizes.push(payload.length))));
    await page.addInitScript(noteRows);
    await page.goto(`${server.url}#/peers`);
    await page.evaluate(rowsNoted);
    return await look(page, server, () => sizes);
  } finally {
    await context.close();
    await server.close();
  }
}

function kibibytes(bytes: number): string {
  return `${(bytes / 1_024).toFixed(0)} KiB`;
}

const noteRows = `new MutationObserver((_, watcher) => {
  if (document.querySelectorAll('[role=row]').length < 3) return;
  watcher.disconnect();
  requestAnimationFrame(() => setTimeout(() => { window.rowsMs = performance.now(); }));
}).observe(document, { childList: true, subtree: true });`;

/** The page's policy forbids evaluating texts later, so the waiting is one evaluation. */
const rowsNoted = `new Promise((done) => {
  const look = () => (window.rowsMs === undefined ? setTimeout(look, 20) : done(null));
  look();
})`;

const timesOf = `({ paint: performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? NaN, rows: window.rowsMs })`;

const scrolled = (forMs: number): string => `new Promise((done) => {
  const body = document.querySelector('[role=grid] .body');
  const frames = []; let last = performance.now(); const start = last;
  const frame = (now) => {
    frames.push(now - last); last = now; body.scrollTop += 60;
    if (now - start < ${forMs}) requestAnimationFrame(frame); else { body.scrollTop = 0; done(frames.slice(2)); }
  };
  requestAnimationFrame(frame);
})`;

/** From the event of the key to the end of the frame that shows what it found. */
const typed = (text: string): string => `new Promise((done) => {
  const input = document.querySelector('input[type=search]');
  const started = performance.now();
  input.value = ${JSON.stringify(text)};
  input.dispatchEvent(new Event('input', { bubbles: true }));
  requestAnimationFrame(() => { const channel = new MessageChannel(); channel.port1.onmessage = () => done(performance.now() - started); channel.port2.postMessage(null); });
})`;

async function keystrokes(page: Page): Promise<number[]> {
  const times: number[] = [];
  for (let round = 0; round < 3; round++) {
    for (const word of words) {
      await page.waitForTimeout(30);
      times.push(await page.evaluate<number>(typed(word)));
    }
  }
  await page.evaluate(typed(''));
  return times;
}

async function heapMiB(page: Page): Promise<string> {
  const session = await page.context().newCDPSession(page);
  await session.send('HeapProfiler.collectGarbage');
  const { usedSize } = await session.send('Runtime.getHeapUsage');
  await session.detach();
  return (usedSize / 2 ** 20).toFixed(1);
}

function spread(times: readonly number[]): string {
  return `p50 ${quantile(times, 0.5).toFixed(0)} ms, p95 ${quantile(times, 0.95).toFixed(0)} ms`;
}

/**
 * Two figures. From frame to frame: a screen of 60 Hz shows one each 16.7 ms, so less cannot be, and what else the machine does is in it. And
 * what a frame costs: the time that the page's main thread works for it. First without tracing, then with.
 */
async function scrolling(browser: Browser, page: Page): Promise<string> {
  const apart = await page.evaluate<number[]>(scrolled(scrollMs));
  const { frames } = await tracedFrames(browser, page, () => page.evaluate<number[]>(scrolled(scrollMs)));
  return `${apart.length} frames, apart ${spreadOf(apart)}; work of the main thread for one, traced: ${spreadOf(frames.main)}${verdict(quantile(frames.main, 0.95), frameMsMax)}, drawing beside it ${spreadOf(frames.drawing)}`;
}
