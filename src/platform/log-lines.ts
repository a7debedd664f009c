import { open } from 'node:fs/promises';

const bytesMax = 2 << 20;

/** The newest lines of a log file, oldest first; none when the file is missing. Reads at most two megabytes from its end. */
export async function newestLines(path: string, linesMax: number): Promise<readonly string[]> {
  const file = await open(path, 'r').catch(() => undefined);
  if (!file) return [];
  try {
    const { size } = await file.stat();
    const length = Math.min(size, bytesMax);
    const buffer = Buffer.alloc(length);
    await file.read(buffer, 0, length, size - length);
    const lines = buffer.toString('utf8').split('\n').filter((line) => line !== '');
    // The first line may have lost its beginning.
    return (size > length ? lines.slice(1) : lines).slice(-linesMax);
  } finally {
    await file.close();
  }
}
