/**
 * Does a test notice when a protection is gone? Each mutation changes a readable build of the main bundle in a copy of the app and names the spec that
 * must then fail. Run after a build: `node test/electron-standin/mutations.ts [PART-OF-A-NAME…]`. Prints one line each and exits 1 when one survives.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

interface Mutation {
  readonly what: string;
  readonly file: 'main.cjs' | 'preload.cjs';
  readonly from: string | RegExp;
  readonly to: string;
  /** Part of the title of the spec that must fail. */
  readonly caughtBy: string;
}

const mutations: readonly Mutation[] = [
  { what: 'no content policy', file: 'main.cjs', from: '"content-security-policy":', to: '"x-no-policy":', caughtBy: 'content policy is enforced' },
  { what: 'Node in the page', file: 'main.cjs', from: 'nodeIntegration: false', to: 'nodeIntegration: true', caughtBy: 'bridge and nothing else' },
  { what: 'no isolation', file: 'main.cjs', from: 'contextIsolation: true', to: 'contextIsolation: false', caughtBy: 'bridge and nothing else' },
  { what: 'no sandbox', file: 'main.cjs', from: 'sandbox: true', to: 'sandbox: false', caughtBy: 'bridge and nothing else' },
  { what: 'navigation allowed', file: 'main.cjs', from: 'if (!isOurPage(event.url)) event.preventDefault()', to: 'void 0', caughtBy: 'cannot go elsewhere' },
  { what: 'pop-ups allowed', file: 'main.cjs', from: 'action: "deny"', to: 'action: "allow"', caughtBy: 'cannot go elsewhere' },
  { what: 'any link opens the browser', file: 'main.cjs', from: /isHelpLink\(\w+\) \? \w+ : \w+\(\w+\)/, to: 'url', caughtBy: 'cannot go elsewhere' },
  { what: 'any address counts as a peer', file: 'main.cjs', from: /if \(!list\.some\(\(\{ self(?:: \w+)?, path[^;]+;/, to: '', caughtBy: 'only at an address of the present mesh' },
  { what: 'permissions granted', file: 'main.cjs', from: 'decide(false)', to: 'decide(true)', caughtBy: 'permissions are denied' },
  { what: 'every sender refused', file: 'main.cjs', from: 'senderFrame !== null && senderFrame.parent === null && isOurPage(senderFrame.url)', to: 'false', caughtBy: 'over the real bridge' },
  { what: 'close ends the window', file: 'main.cjs', from: 'if (ears.closing()) event.preventDefault()', to: 'void 0', caughtBy: 'closing hides the window' },
  { what: 'a hidden window keeps its renderer', file: 'main.cjs', from: /opened\d*\.destroy\(\);/, to: 'void 0;', caughtBy: 'destroyed after a moment' },
  { what: 'a window comes back elsewhere', file: 'main.cjs', from: /place = opened\d*\.place\(\);/, to: 'void 0;', caughtBy: 'destroyed after a moment' },
  { what: 'what was typed is thrown away', file: 'main.cjs', from: 'if (holds) return restAfter', to: 'if (false) return restAfter', caughtBy: 'what was typed' },
  { what: 'hidden where no icon leads back', file: 'main.cjs', from: 'if (host === "there") return', to: 'return', caughtBy: 'closing minimises while connected' },
  { what: 'a hidden start makes a window', file: 'main.cjs', from: 'if (options.hidden) void', to: 'if (false) void', caughtBy: 'started hidden there is an icon' },
  { what: 'quit disconnects whatever was chosen', file: 'main.cjs', from: '.stayConnected) await', to: '.nothing) await', caughtBy: 'Quit disconnects' },
  { what: 'quit never disconnects', file: 'main.cjs', from: 'if (core.owned &&', to: 'if (false &&', caughtBy: 'Quit disconnects' },
  { what: 'a shutdown is not heard', file: 'main.cjs', from: '.on("shutdown"', to: '.on("no-shutdown"', caughtBy: 'gone at once' },
  { what: 'second start ignored', file: 'main.cjs', from: '.on("second-instance"', to: '.on("no-instance"', caughtBy: 'closing hides the window' },
  { what: 'no instance lock', file: 'main.cjs', from: /(\w+\.app)\.requestSingleInstanceLock\(\)/, to: 'true', caughtBy: 'closing hides the window' },
  { what: 'the icon does not follow', file: 'main.cjs', from: 'tray.setImage(image(folder, next))', to: 'void 0', caughtBy: 'every item of the tray' },
  { what: 'tray does not follow', file: 'main.cjs', from: 'tray.setToolTip(view.tooltip)', to: 'void 0', caughtBy: 'tray shows the session' },
  { what: 'the menu does not follow', file: 'main.cjs', from: /\.setApplicationMenu\((?!null)/, to: '.getApplicationMenu(', caughtBy: 'menu speaks the language' },
  { what: 'the inspector in a packaged app', file: 'main.cjs', from: '...fromSources ?', to: '...true ?', caughtBy: 'a packaged app has no inspector' },
  { what: 'help on a site that is not on the list', file: 'main.cjs', from: '"https://www.wireguard.com/"', to: '"https://www.electronjs.org/"', caughtBy: 'application.s menu on linux' },
  { what: 'what cannot be done can be chosen', file: 'main.cjs', from: 'off: !can', to: 'off: false', caughtBy: 'the other button has' },
  { what: 'a menu comes up everywhere', file: 'main.cjs', from: 'items.length === 0 || window', to: 'window', caughtBy: 'the other button has' },
  { what: 'lost core not replaced', file: 'main.cjs', from: 'if (!ended) void hold(true)', to: 'if (false) void hold(true)', caughtBy: 'the window takes its place' },
  { what: 'a page may send anything', file: 'main.cjs', from: 'if (!isPlainMessage(message))', to: 'if (false)', caughtBy: 'garbage in floods' },
  { what: 'a page may send as much as it likes', file: 'main.cjs', from: 'const admission = admit(sender)', to: 'const admission = "take"', caughtBy: 'main alone that ends a flood' },
  { what: 'anything of our scheme is an invite', file: 'main.cjs', from: /var linkPattern = [^;]+;/, to: 'var linkPattern = /^webmesh:(.*)$/is;', caughtBy: 'whatever is no invite does nothing' },
  { what: 'any file is an invite', file: 'main.cjs', from: '/\\.webmesh-invite$/i.test(argument) && !argument.startsWith("-")', to: 'argument.startsWith("/etc")', caughtBy: 'links and files that the desktop hands over' },
  { what: 'the window stays hidden', file: 'main.cjs', from: 'if (offer !== null && offer.link !== offered)', to: 'if (false)', caughtBy: 'opened in a terminal' },
  { what: 'no keyring', file: 'main.cjs', from: 'if (!keyring.isEncryptionAvailable()) return void 0', to: 'return void 0', caughtBy: 'are sealed' },
  { what: 'networks go without a purge', file: 'main.cjs', from: 'if (purge) await', to: 'if (true) await', caughtBy: 'an AppImage says' },
  { what: 'links of an AppImage are nobody\'s', file: 'main.cjs', from: /if \(appImage !== void 0\) void/, to: 'if (false) void', caughtBy: 'an AppImage says' },
  { what: 'the preload throws', file: 'preload.cjs', from: /^/, to: 'throw new Error("mutant");', caughtBy: 'over the real bridge' },
  { what: 'the bridge shows ipcRenderer', file: 'preload.cjs', from: 'platform: process.platform', to: 'platform: process.platform, ipc: () => 1', caughtBy: 'bridge and nothing else' },
];

const root = join(import.meta.dirname, '../..');
const copy = mkdtempSync(join(tmpdir(), 'wm-mutants-'));
let survivors = 0;
try {
  for (const name of ['package.json', 'resources', 'dist']) cpSync(join(root, name), join(copy, name), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  const only = process.argv.slice(2);
  build('--only', 'main', '--only', 'preload', '--readable', '--to', join(copy, 'dist'));
  const chosen = mutations.filter(({ what }) => only.length === 0 || only.some((part) => what.includes(part)));
  // A spec that is red without any mutation catches everything and proves nothing.
  if (!passes(only.length === 0 ? undefined : chosen.map(({ caughtBy }) => caughtBy).join('|'))) throw new Error('the specs fail without any mutation; build first, and make them pass');
  for (const mutation of chosen) {
    const verdict = tryOut(mutation);
    if (verdict !== 'caught') survivors++;
    console.log(`${verdict.padEnd(9)} ${mutation.what} (${mutation.caughtBy})`);
  }
} finally {
  rmSync(copy, { recursive: true, force: true });
}
console.log(`${survivors === 0 ? 'every mutation was caught' : `${survivors} mutations were not caught`} [electron: standin]`);
process.exitCode = survivors === 0 ? 0 : 1;

/** The product's bundles are without blanks, and `false` is `!1` there: nothing to look for words in. */
function build(...options: readonly string[]): void {
  const { status } = spawnSync(process.execPath, [join(root, 'scripts/build.ts'), ...options], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
  if (status !== 0) throw new Error('the readable bundles could not be built');
}

function tryOut({ file, from, to, caughtBy }: Mutation): 'caught' | 'SURVIVED' | 'NOT FOUND' {
  const path = join(copy, 'dist/main', file);
  const original = readFileSync(path, 'utf8');
  const changed = original.replace(from, () => to);
  if (changed === original) return 'NOT FOUND';
  writeFileSync(path, changed);
  try {
    return passes(caughtBy) ? 'SURVIVED' : 'caught';
  } finally {
    writeFileSync(path, original);
  }
}

function passes(title?: string): boolean {
  const chosen = title === undefined ? [] : ['--grep', title];
  const command = [join(root, 'node_modules/@playwright/test/cli.js'), 'test', '--project', 'electron', ...chosen, '--timeout', '30000', '--reporter', 'line', '--output', join(copy, 'results')];
  const env = { ...process.env, WEBMESH_APP_FOLDER: copy, WEBMESH_ELECTRON: 'standin' };
  return spawnSync(process.execPath, command, { cwd: root, env, stdio: title === undefined ? 'inherit' : 'ignore' }).status === 0;
}
