import { expect, test } from 'vitest';
import { isFailure } from '../../base/failure.ts';
import { updateLimits } from './limits.ts';
import { checkMetadataJson } from './metadata-json.ts';

const nested = (depth: number): string => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;
const why = (bytes: string | Uint8Array): unknown => {
  try {
    return checkMetadataJson('x.json', typeof bytes === 'string' ? Buffer.from(bytes) : bytes) ?? 'well';
  } catch (error) {
    return isFailure(error) ? (error.detail['problem'] ?? error.code) : error;
  }
};

test('only a shallow object in well-formed UTF-8 of bounded length reaches the library', () => {
  const { depthMax, metadataBytesMax } = updateLimits;
  expect([
    why('{}'), why(nested(depthMax - 1)), why(nested(depthMax)), why(`{"signed":${'['.repeat(30_000)}${']'.repeat(30_000)}}`), why('[]'), why('null'), why('"x"'), why('{'), why(''),
    why(Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d)), why(`{"a":"${'x'.repeat(metadataBytesMax)}"}`),
  ]).toEqual(['well', 'well', 'nested too deeply', 'nested too deeply', 'no object', 'no object', 'no object', 'no JSON', 'no JSON', 'no JSON', 'update.too-large']);
});
