import { chmodSync, copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Where Electron's binary keeps its fuses: a text that is in it once, a version, a count, and one letter for each ("0" is off). */
const wire = Buffer.concat([Buffer.from('dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX'), Buffer.from([1, 8]), Buffer.from('10101111')]);
const sentence = 'This package is a stand-in for tests: it holds everything of Webmesh but the window. Use the command webmesh.';

export type System = 'linux' | 'win' | 'mac';

/**
 * A folder in the shape of an unpacked Electron, for machines that cannot have the real one. What it starts says one sentence and ends
 * with 70 (sysexits.h: an internal error). Its fuses can be flipped and read like the real ones.
 */
export function makeStandin(root: string, system: System, version: string): string {
  const folder = join(root, 'dist/package/electron', system);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const put = (path: string, content: string | Buffer, mode = 0o644): void => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
    chmodSync(join(folder, path), mode);
  };
  put('version', version);
  put('LICENSE', 'A stand-in: nothing of Electron is in here.\n');
  if (system === 'linux') put('electron', script(), 0o755);
  else if (system === 'win') putWindows(root, join(folder, 'electron.exe'));
  else putMac(put);
  return folder;
}

function script(): Buffer {
  return Buffer.concat([Buffer.from(`#!/bin/sh\n# fuses: `), wire, Buffer.from(`\necho '${sentence}' >&2\nexit 70\n`)]);
}

/** Some program for Windows with a version in it, which comes with electron-builder; what stands behind its end does not matter to it. */
function putWindows(root: string, to: string): void {
  copyFileSync(join(root, 'node_modules/electron-winstaller/vendor/7z-x64.exe'), to);
  writeFileSync(to, wire, { flag: 'a' });
}

function putMac(put: (path: string, content: string | Buffer, mode?: number) => void): void {
  const contents = 'Electron.app/Contents';
  put(`${contents}/MacOS/Electron`, script(), 0o755);
  put(`${contents}/Info.plist`, plist('Electron', 'com.github.Electron'));
  put(`${contents}/Frameworks/Electron Framework.framework/Versions/A/Electron Framework`, script(), 0o755);
  put(`${contents}/Frameworks/Electron Framework.framework/Electron Framework`, script(), 0o755);
  for (const kind of ['', ' (GPU)', ' (Plugin)', ' (Renderer)']) {
    const name = `Electron Helper${kind}`;
    put(`${contents}/Frameworks/${name}.app/Contents/MacOS/${name}`, script(), 0o755);
    put(`${contents}/Frameworks/${name}.app/Contents/Info.plist`, plist(name, 'com.github.Electron.helper'));
  }
}

function plist(name: string, id: string): string {
  const rows = Object.entries({ CFBundleExecutable: name, CFBundleIdentifier: id, CFBundleName: name, CFBundlePackageType: 'APPL' });
  const text = rows.map(([key, value]) => `<key>${key}</key><string>${value}</string>`).join('');
  return `<?xml version="1.0" encoding="UTF-8"?>\n<plist version="1.0"><dict>${text}</dict></plist>\n`;
}
