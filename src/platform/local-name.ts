import { createHash } from 'node:crypto';
import { basename } from 'node:path';

/** Where a program listens that is known by the path of its socket: a pipe on Windows, named after the path so that each has its own; the path itself elsewhere. */
export function localName(path: string, platform: NodeJS.Platform = process.platform): string {
  if (platform !== 'win32') return path;
  return `\\\\.\\pipe\\webmesh-${createHash('sha256').update(path.toLowerCase()).digest('hex').slice(0, 24)}-${basename(path)}`;
}
