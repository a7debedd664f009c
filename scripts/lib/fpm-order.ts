/** What electron-builder 26 asks fpm for, read from its command line. */
export interface FpmOrder {
  /** Files, or what is in a folder (`from` ends with a slash), and where they go. */
  readonly maps: readonly { readonly from: string; readonly to: string }[];
  readonly options: ReadonlyMap<string, string>;
  readonly depends: readonly string[];
  readonly recommends: readonly string[];
}

const single = new Set([
  '-s', '-t', '--architecture', '--after-install', '--after-remove', '--before-install', '--before-remove', '--description', '--version', '--package', '--name', '--maintainer',
  '--vendor', '--url', '--category', '--deb-priority', '--deb-compression', '--license', '--iteration', '--rpm-os', '--rpm-compression', '--rpm-summary',
]);

/** Throws at a word that it does not know: a package that lacks what was asked for would be worse than none. */
export function parseFpm(words: readonly string[]): FpmOrder {
  const maps: { from: string; to: string }[] = [];
  const options = new Map<string, string>();
  const lists = { '-d': [] as string[], '--deb-recommends': [] as string[] };
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? '';
    const [, name = word, inline] = /^(--[a-z-]+)=(.*)$/s.exec(word) ?? [];
    const value = (): string => inline ?? words[++at] ?? '';
    if (name === '--force') continue;
    if (name === '-d' || name === '--deb-recommends') lists[name].push(value());
    else if (single.has(name)) options.set(name, value());
    else if (!word.startsWith('-') && word.includes('=')) maps.push({ from: word.slice(0, word.lastIndexOf('=')), to: word.slice(word.lastIndexOf('=') + 1) });
    else throw new Error(`fpm: "${word}" is not known here`);
  }
  if (options.get('-s') !== 'dir' || !['deb', 'rpm'].includes(options.get('-t') ?? '') || !options.has('--package')) throw new Error('fpm: only -s dir -t deb|rpm --package FILE is known here');
  return { maps, options, depends: lists['-d'], recommends: lists['--deb-recommends'] };
}

/** The control file (Debian Policy 5.3). A value has no line breaks, so that none can begin another field. */
export function controlText({ options, depends, recommends }: Omit<FpmOrder, 'maps'>, installedKilobytes: number): string {
  const [synopsis = '', ...more] = (options.get('--description') ?? '').trim().split('\n').map((line) => line.trim());
  const fields: readonly (readonly [string, string | undefined])[] = [
    ['Package', options.get('--name')],
    // A tilde sorts before everything, also before nothing: 0.1.0~beta comes before 0.1.0.
    ['Version', options.get('--version')?.replaceAll('-', '~')],
    ['Architecture', options.get('--architecture')],
    ['Maintainer', options.get('--maintainer')],
    ['Installed-Size', String(installedKilobytes)],
    ['Depends', depends.join(', ')],
    ['Recommends', recommends.join(', ')],
    ['Section', options.get('--category') ?? 'net'],
    ['Priority', options.get('--deb-priority') ?? 'optional'],
    ['Homepage', options.get('--url')],
    ['Description', synopsis],
  ];
  const lines = fields.filter(([, value]) => value !== undefined && value !== '').map(([name, value = '']) => `${name}: ${value.replaceAll(/\s+/g, ' ')}`);
  return [...lines, ...more.map((line) => ` ${line === '' ? '.' : line}`), ''].join('\n');
}

/** The maintainer scripts that were asked for, by the names that dpkg knows them by. */
export function scriptFiles(options: ReadonlyMap<string, string>): readonly { readonly name: string; readonly path: string }[] {
  const names = { '--before-install': 'preinst', '--after-install': 'postinst', '--before-remove': 'prerm', '--after-remove': 'postrm' };
  return Object.entries(names).flatMap(([option, name]) => (options.has(option) ? [{ name, path: options.get(option) ?? '' }] : []));
}

/**
 * The same order as rpmbuild reads it: `files` are the paths that the package owns, `script` reads a script. Nothing of rpm's own is added to
 * it: no dependencies that it guesses, no stripping, which would break the executable that holds our programs.
 */
export function specText({ options, depends, recommends }: Omit<FpmOrder, 'maps'>, files: readonly string[], script: (path: string) => string): string {
  const [synopsis = '', ...more] = (options.get('--description') ?? '').trim().split('\n').map((line) => line.trim());
  const line = (name: string, value: string | undefined): readonly string[] => (value === undefined || value === '' ? [] : [`${name}: ${value.replaceAll(/\s+/g, ' ').replaceAll('%', '%%')}`]);
  const section = (name: string, option: string): readonly string[] => (options.has(option) ? [`%${name}`, script(options.get(option) ?? '').replaceAll('%', '%%')] : []);
  return [
    ...line('Name', options.get('--name')), ...line('Version', options.get('--version')?.replaceAll('-', '~')), 'Release: 1', ...line('Summary', options.get('--rpm-summary') ?? synopsis),
    ...line('License', options.get('--license') ?? 'Apache-2.0'), ...line('URL', options.get('--url')), ...line('Packager', options.get('--maintainer')), 'AutoReqProv: no',
    ...depends.flatMap((name) => line('Requires', name)), ...recommends.flatMap((name) => line('Recommends', name)),
    '%global __os_install_post %{nil}', '%global _build_id_links none', '%global debug_package %{nil}', '%global _binary_payload w3.zstdio',
    '%description', [synopsis, ...more].join('\n').replaceAll('%', '%%'),
    ...section('pre', '--before-install'), ...section('post', '--after-install'), ...section('preun', '--before-remove'), ...section('postun', '--after-remove'),
    '%files', '%defattr(-,root,root,-)', ...files.map((file) => `"${file.replaceAll('%', '%%')}"`), '',
  ].join('\n');
}
