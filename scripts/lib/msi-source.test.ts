import { expect, test } from 'vitest';
import { msiSource } from './msi-source.ts';

const product = { version: '0.1.0', icon: 'icon.ico', manufacturer: 'A & B', files: ['Webmesh.exe', 'resources/app.asar', 'resources/bin/webmesh.exe'] };

test('each file is a component that is named, and counted, the same in every version', () => {
  const idsOf = (source: string): readonly string[] => [...source.matchAll(/<Component Id="([^"]+)" Guid="([^"]+)"/g)].map(([, name, guid]) => `${name} ${guid}`);
  const [first, second] = [product, { ...product, version: '0.2.0', files: [...product.files, 'resources/new.txt'] }].map((each) => idsOf(msiSource(each)));
  expect(first).toHaveLength(4);
  expect(new Set(first?.map((line) => line.split(' ')[1])).size).toBe(4);
  expect(second?.filter((line) => !first?.includes(line))).toHaveLength(1);
});

test('the service is started, stopped and deleted with the program, and what it left is undone before its file goes', () => {
  const source = msiSource(product);
  expect(source).toContain('<ServiceControl Id="helperRuns" Name="WebmeshHelper" Start="install" Stop="both" Remove="uninstall" Wait="yes"/>');
  const [, file] = /<CustomAction Id="undo" FileKey="(\w+)"/.exec(source) ?? [];
  expect(source).toMatch(new RegExp(`<File Id="${file}" Name="webmesh.exe"`));
  expect(source).toContain('Manufacturer="A &amp; B"');
});

test('a folder without the program makes no installer', () => {
  expect(() => msiSource({ ...product, files: ['Webmesh.exe'] })).toThrow('resources/bin/webmesh.exe');
});
