import { expect, test } from 'vitest';
import { z } from 'zod';
import { readAs } from './read-as.ts';

const schema = z.object({ list: z.array(z.string()).max(2), name: z.string().max(3) });

test('a value of the shape is read, any other says where it is wrong', () => {
  expect(readAs(schema, { list: ['a'], name: 'abc' })).toEqual({ success: true, data: { list: ['a'], name: 'abc' } });
  expect(readAs(schema, { list: ['a', 1], name: 'abc' })).toMatchObject({ success: false, field: 'list.1' });
});

test('what only looks as if it had a length is of another shape', () => {
  const odd = JSON.parse('{"length":[{"toString":true}]}') as unknown;
  expect([readAs(schema, { list: odd, name: 'abc' }), readAs(schema, { list: [], name: odd }), readAs(schema, odd)].map(({ success }) => success)).toEqual([false, false, false]);
});
