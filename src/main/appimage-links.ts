import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { linkEntry } from './desktop-entry.ts';

/** Where a person's desktop looks (XDG base directory specification), and how to run a program of it; one that is not there is no error. */
export interface LinkPlaces {
  readonly data: string;
  readonly config: string;
  run(program: string, args: readonly string[]): Promise<void>;
}

/** Not the name that an installed package has: a person may have both. */
const entryName = 'webmesh-appimage.desktop';

/** Shared MIME-info Database specification: what a file that ends with `.webmesh-invite` is. */
const inviteType = `<?xml version="1.0" encoding="UTF-8"?>
<mime-info xmlns="http://www.freedesktop.org/standards/shared-mime-info">
  <mime-type type="application/x-webmesh-invite"><comment>Webmesh invite</comment><glob pattern="*.webmesh-invite"/></mime-type>
</mime-info>
`;

/**
 * Tells the desktop that this AppImage opens invites. It asks for no precedence: where another program has the scheme, that one keeps it. Files
 * are written only when they differ, such as after the AppImage was moved. A line break in a path would add lines, so such a path is left alone.
 */
export async function registerAppImage(file: string, places: LinkPlaces): Promise<void> {
  if ([...file].some((letter) => letter < ' ')) return;
  const { entry, type, applications, mime } = filesIn(places);
  const wrote = [await put(entry, linkEntry(file)), await put(type, inviteType)];
  if (!wrote.includes(true)) return;
  await places.run('update-mime-database', [mime]);
  await places.run('update-desktop-database', [applications]);
}

/** Takes that back, and every mention that a desktop made of it when a person chose it. Answers the files that were removed or changed. */
export async function forgetAppImage(places: LinkPlaces): Promise<readonly string[]> {
  const { entry, type, applications, mime } = filesIn(places);
  const changed: string[] = [];
  for (const file of [entry, type]) if (await taken(file)) changed.push(file);
  for (const list of [join(places.config, 'mimeapps.list'), join(applications, 'mimeapps.list')]) {
    const text = await readFile(list, 'utf8').catch(() => '');
    const left = withoutEntry(text, entryName);
    if (left === text) continue;
    await writeFile(list, left);
    changed.push(list);
  }
  if (changed.length === 0) return [];
  await places.run('update-mime-database', [mime]);
  await places.run('update-desktop-database', [applications]);
  return changed;
}

/** Pure: a list of default programs (MIME Applications specification) without one of them. A line that names no other goes. */
export function withoutEntry(list: string, name: string): string {
  return list.split('\n').flatMap((line) => {
    const at = line.indexOf('=');
    const names = line.slice(at + 1).split(';').filter((one) => one !== '');
    if (at === -1 || !names.includes(name)) return [line];
    const others = names.filter((one) => one !== name);
    return others.length === 0 ? [] : [`${line.slice(0, at + 1)}${others.join(';')};`];
  }).join('\n');
}

function filesIn({ data }: LinkPlaces): { readonly entry: string; readonly type: string; readonly applications: string; readonly mime: string } {
  const [applications, mime] = [join(data, 'applications'), join(data, 'mime')];
  return { entry: join(applications, entryName), type: join(mime, 'packages', 'webmesh-appimage.xml'), applications, mime };
}

async function put(file: string, text: string): Promise<boolean> {
  if ((await readFile(file, 'utf8').catch(() => undefined)) === text) return false;
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
  return true;
}

/** True when it was there. */
async function taken(file: string): Promise<boolean> {
  return rm(file).then(() => true, (error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return false;
    throw error;
  });
}
