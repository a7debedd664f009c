import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { failure } from '../base/failure.ts';
import { registerAppImage, withoutEntry, type LinkPlaces } from './appimage-links.ts';
import { linkEntry, programOf, startEntry } from './desktop-entry.ts';
import { uninstall, type UninstallPorts } from './uninstall.ts';
import { english } from './words/words.ts';

let person = '';
let ran: string[] = [];
let said: string[] = [];
beforeEach(() => {
  person = mkdtempSync(join(tmpdir(), 'wm-shell-person-'));
  ran = [];
  said = [];
});
afterEach(() => rmSync(person, { recursive: true, force: true }));

const at = (...parts: string[]): string => join(person, ...parts);
const put = (text: string, ...parts: string[]): void => {
  mkdirSync(dirname(at(...parts)), { recursive: true });
  writeFileSync(at(...parts), text);
};
/** All files of this person. */
const files = (): readonly string[] => readdirSync(person, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map((entry) => relative(person, join(entry.parentPath, entry.name))).sort();

function places(): LinkPlaces {
  return { data: at('share'), config: at('config'), run: async (program, args) => void ran.push([program, ...args.map((one) => relative(person, one))].join(' ')) };
}
function ports(more: Partial<UninstallPorts> = {}): UninstallPorts {
  return {
    file: at('Webmesh.AppImage'), links: places(), service: at('share', 'webmesh', 'service'), home: at('config', 'webmesh'), rootFolder: at('root'), endApp: async () => true, endService: async () => true,
    say: (line) => void said.push(line.replaceAll(person, '~')), ...more,
  };
}
async function used(): Promise<void> {
  put('#!', 'Webmesh.AppImage');
  put('', 'share', 'webmesh', 'service', 'bin', 'webmesh');
  put('', 'share', 'webmesh', 'service.new', 'bin', 'webmesh');
  put('{}', 'config', 'webmesh', 'documents', 'profiles.json');
  put(startEntry(at('Webmesh.AppImage')), 'config', 'autostart', 'webmesh.desktop');
  await registerAppImage(at('Webmesh.AppImage'), places());
  put('[Default Applications]\ntext/plain=mousepad.desktop\nx-scheme-handler/webmesh=webmesh-appimage.desktop;webmesh-desktop.desktop;\napplication/x-webmesh-invite=webmesh-appimage.desktop\n', 'config', 'mimeapps.list');
}

test('links and invite files are registered once, anew when the AppImage was moved, and never for a path with a line break', async () => {
  for (const name of ['a b.AppImage', 'a b.AppImage', 'moved.AppImage', 'x\nExec=evil']) await registerAppImage(at(name), places());
  expect(ran).toEqual(Array.from({ length: 2 }, () => ['update-mime-database share/mime', 'update-desktop-database share/applications']).flat());
  expect(files()).toEqual(['share/applications/webmesh-appimage.desktop', 'share/mime/packages/webmesh-appimage.xml']);
  expect(readFileSync(at('share/applications/webmesh-appimage.desktop'), 'utf8')).toBe(linkEntry(at('moved.AppImage')));
});

test('a program path cannot break out of its entry, and is read back from it', () => {
  const path = '/opt/we "$(x)` 100%\\/webmesh';
  const exec = (entry: string): string | undefined => entry.split('\n').find((line) => line.startsWith('Exec='));
  expect(exec(startEntry(path))).toBe('Exec="/opt/we \\\\"\\\\$(x)\\\\` 100%%\\\\\\\\/webmesh" --hidden');
  expect(exec(linkEntry(path))).toBe('Exec="/opt/we \\\\"\\\\$(x)\\\\` 100%%\\\\\\\\/webmesh" -- %u');
  expect([programOf(startEntry(path)), programOf(linkEntry(path)), programOf('Exec=/opt/x --hidden')]).toEqual([path, path, undefined]);
});

test('all that was left is removed and said, but for the networks', async () => {
  await used();
  await uninstall(false, ports(), english.uninstall);
  expect(files()).toEqual(['Webmesh.AppImage', 'config/mimeapps.list', 'config/webmesh/documents/profiles.json']);
  expect(readFileSync(at('config/mimeapps.list'), 'utf8')).toBe('[Default Applications]\ntext/plain=mousepad.desktop\nx-scheme-handler/webmesh=webmesh-desktop.desktop;\n');
  expect(said).toEqual([
    'Ended the app, which disconnected.', 'Ended the system service and its tunnels.', 'Removed ~/share/webmesh/service', 'Removed ~/share/webmesh/service.new', 'Removed ~/config/autostart/webmesh.desktop',
    'Removed ~/share/applications/webmesh-appimage.desktop', 'Removed ~/share/mime/packages/webmesh-appimage.xml', 'Took Webmesh out of ~/config/mimeapps.list',
    'Kept your networks, keys and settings in ~/config/webmesh; --purge removes them too.', 'Now delete ~/Webmesh.AppImage',
  ]);
});

test('a purge removes the networks, and says what only root can; a second time there is nothing left to do', async () => {
  await used();
  put('', 'root', 'keys');
  await uninstall(true, ports(), english.uninstall);
  expect(files()).toEqual(['Webmesh.AppImage', 'config/mimeapps.list', 'root/keys']);
  expect(said.slice(-3)).toEqual(['Removed ~/config/webmesh', 'What the system service kept belongs to root: sudo rm -r ~/root', 'Now delete ~/Webmesh.AppImage']);
  said = [];
  ran = [];
  await uninstall(true, ports({ endApp: async () => false, endService: async () => false, rootFolder: at('none') }), english.uninstall);
  expect([said, ran]).toEqual([['Now delete ~/Webmesh.AppImage'], []]);
});

test.each(['endApp', 'endService'] as const)('nothing is removed while something still runs (%s)', async (what) => {
  await used();
  const before = files();
  const stuck = async (): Promise<never> => {
    throw failure('helper.unreachable', { path: '/run' });
  };
  await expect(uninstall(true, ports({ [what]: stuck }), english.uninstall)).rejects.toMatchObject({ code: 'helper.unreachable' });
  expect(files()).toEqual(before);
});

test('the start at login of an installed package stays; that of an AppImage which was moved goes', async () => {
  put('', 'package');
  for (const [program, stays] of [[at('package'), true], [at('was-moved.AppImage'), false]] as const) {
    put(startEntry(program), 'config', 'autostart', 'webmesh.desktop');
    await uninstall(false, ports(), english.uninstall);
    expect(existsSync(at('config/autostart/webmesh.desktop'))).toBe(stays);
  }
});

test('a list of default programs keeps all that is not ours, to the letter', () => {
  const list = '# mine\n\n[Added Associations]\na/b=x.desktop;\nc/d=webmesh-appimage.desktop.old;\n';
  expect([withoutEntry(list, 'webmesh-appimage.desktop'), withoutEntry('', 'x'), withoutEntry('x', 'x')]).toEqual([list, '', 'x']);
});
