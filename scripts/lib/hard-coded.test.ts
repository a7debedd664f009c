import { expect, test } from 'vitest';
import { hardCodedInScript, hardCodedInSvelte } from './hard-coded.ts';
import { judgeWords } from './words-judge.ts';

const told = (source: string): string[] => hardCodedInSvelte(source).map(({ line, text, where }) => `${line} ${where}: ${text}`);

test('finds every place of a component where a person would read English', () => {
  expect(told(`<script lang="ts">
  import { x } from './Some Where.ts';
  const title: 'A Type' | string = 'All of them';
  const key = x === 'Escape From' ? 'name' : 'path';
</script>
<h1 class="Big Head">Peers</h1>
<button aria-label="Close it" title={x ? 'on' : 'off'} onclick={() => say('It is done')}>{x ? 'leads' : t.votes}</button>
<Field label="Name" placeholder={\`of \${x}\`} id="field" />
{#if x === 'Some Thing'}{\`\${x} more\`}{/if}
{t.fine} 12:30 · {x.map((one) => one.name).join(', ')}`)).toEqual([
    '6 text: Peers', '7 aria-label: Close it', '7 title: on', '7 title: off', '7 expression: It is done', '7 expression: leads',
    '8 label: Name', '8 placeholder: of …', '9 expression: … more', '3 script: All of them',
  ]);
});

test('a component whose words are those of a language has none', () => {
  expect(told('<p class="quiet small" title={t.a.b}>{t.a.c(name)} <Rich text={t.a.d(slot(0))} parts={[name]} /></p>\n<style>.quiet { color: red }</style>')).toEqual([]);
});

test('in a module only what reads like words for a person counts', () => {
  expect(hardCodedInScript(`const a = 'tunnel.failed'; const b = { kind: 'ice', 'Not Read': 'Waits for you' }; f('no answer'); g('#/people'); type T = 'Ab cd';`).map(({ text }) => text)).toEqual(['Waits for you', 'no answer']);
});

test('complains of what is not allowed, and of a list that should have got shorter', () => {
  const looked = [
    { file: 'src/a.svelte', hardCoded: [{ line: 3, text: 'Webmesh', where: 'text' }, { line: 4, text: 'Connect', where: 'text' }] },
    { file: 'src/b.svelte', hardCoded: [{ line: 1, text: 'Waits', where: 'text' }] },
    { file: 'src/c.svelte', hardCoded: [] },
  ];
  expect(judgeWords(looked, [{ text: /^Webmesh$/ }], ['src/b.svelte', 'src/c.svelte', 'src/gone.svelte'])).toEqual([
    'src/a.svelte:4 (text) stands in the code: Connect',
    'src/c.svelte has no text of its own any more: take it off the list in scripts/lib/words-allowed.ts',
    'src/gone.svelte has no text of its own any more: take it off the list in scripts/lib/words-allowed.ts',
  ]);
});
