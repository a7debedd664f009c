import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { failure } from '../base/failure.ts';

/**
 * The text of a small file that a person named or double-clicked. Regular files only, and no link: opening a pipe or a device could wait for
 * ever or have an effect. Whatever the file's size claims, no more than `bytesMax` and one byte are read.
 * Fails with input.invalid {field: 'file'}.
 */
export async function readSmallFile(path: string, bytesMax: number): Promise<string> {
  const bytes = await readSmallBytes(path, bytesMax);
  if (bytes === undefined) throw wrongFile(path, 'does not exist');
  return textOf(bytes, (error) => wrongFile(path, 'holds no text', error));
}

/** The same for bytes; undefined when there is no such file. */
export async function readSmallBytes(path: string, bytesMax: number): Promise<Buffer | undefined> {
  const file = await openPlain(path);
  if (file === undefined) return undefined;
  try {
    if (!(await file.stat()).isFile()) throw wrongFile(path, 'is no regular file');
    const buffer = Buffer.alloc(bytesMax + 1);
    const length = await fill(file, buffer);
    if (length > bytesMax) throw wrongFile(path, `is longer than ${bytesMax} bytes`);
    return buffer.subarray(0, length);
  } finally {
    await file.close();
  }
}

async function openPlain(path: string): Promise<FileHandle | undefined> {
  try {
    // Windows knows neither flag; they are zero there.
    return await open(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0));
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOENT') return undefined;
    throw wrongFile(path, reasons[code] ?? `cannot be read (${code})`, error);
  }
}

function wrongFile(path: string, problem: string, cause?: unknown): Error {
  return failure('input.invalid', { field: 'file', problem: `${path.slice(0, 200)} ${problem}` }, cause);
}

/** All of a stream's text, such as standard input. Fails with input.invalid when it is too long or no text. */
export async function readStream(stream: AsyncIterable<Uint8Array | string>, bytesMax: number): Promise<string> {
  const wrong = (problem: string, cause?: unknown): Error => failure('input.invalid', { field: 'input', problem }, cause);
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of stream) {
    const bytes = Buffer.from(chunk);
    length += bytes.length;
    if (length > bytesMax) throw wrong(`standard input holds more than ${bytesMax} bytes`);
    chunks.push(bytes);
  }
  return textOf(Buffer.concat(chunks), (error) => wrong('standard input holds no text', error));
}

async function fill(file: FileHandle, buffer: Buffer): Promise<number> {
  let length = 0;
  while (length < buffer.length) {
    const { bytesRead } = await file.read(buffer, length, buffer.length - length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return length;
}

function textOf(bytes: Uint8Array, wrong: (cause: unknown) => Error): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw wrong(error);
  }
}

const reasons: Readonly<Record<string, string>> = { EACCES: 'may not be read', ELOOP: 'is a link to another file', EISDIR: 'is a folder', ENXIO: 'is no regular file' };

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
