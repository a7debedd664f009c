import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { findGo, isOlder, pinsOf } from './engine-go.ts';

test.each([
  ['1.19.8', '1.23.1', true],
  ['1.9', '1.23.1', true],
  ['1.23', '1.23.1', true],
  ['1.23.1', '1.23.1', false],
  ['1.26rc1', '1.23.1', false],
  ['1.26.8', '1.23.1', false],
])('Go %s is older than %s: %s', (version, than, answer) => {
  expect(isOlder(version, than)).toBe(answer);
});

test('a release is built by the Go that go.mod names', () => {
  const root = join(import.meta.dirname, '../..');
  const { toolchain } = pinsOf(readFileSync(join(root, 'resources/engine/go.mod'), 'utf8'));
  expect(readFileSync(join(root, '.github/workflows/release.yml'), 'utf8')).toContain(`\n  GO_VERSION: ${toolchain}\n`);
});

test('a module names the oldest Go and the one that is used', () => {
  expect(pinsOf('module a\n\ngo 1.23.1\n\ntoolchain go1.26.8\n')).toEqual({ go: '1.23.1', toolchain: '1.26.8' });
});

/** A folder with a go.mod, and a `go` that answers; none without an answer. */
function machineWith(answer: string | undefined): string {
  const root = mkdtempSync(join(tmpdir(), 'webmesh-go-'));
  onTestFinished(() => (vi.unstubAllEnvs(), rmSync(root, { recursive: true, force: true })));
  for (const folder of ['resources/engine', 'bin']) mkdirSync(join(root, folder), { recursive: true });
  writeFileSync(join(root, 'resources/engine/go.mod'), 'module a\n\ngo 1.23.1\n\ntoolchain go1.26.8\n');
  if (answer !== undefined) writeFileSync(join(root, 'bin/go'), `#!/bin/sh\necho ${answer}\n`, { mode: 0o755 });
  vi.stubEnv('PATH', join(root, 'bin'));
  return root;
}

test.each([
  [undefined, { problem: 'wireguard-go is built with Go, which is missing; next: install Go 1.23.1 or later (apt-get install golang, from Debian 13 on)' }],
  ['go1.19.8', { problem: 'Go 1.19.8 is too old to build wireguard-go; next: install Go 1.23.1 or later' }],
  ['go1.24.4', { version: '1.24.4', pinned: false }],
  ['go1.26.8', { version: '1.26.8', pinned: true }],
])('a machine whose Go is %s', (answer, found) => {
  expect(findGo(machineWith(answer))).toEqual(found);
});
