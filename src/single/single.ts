/**
 * The single executable's first lines: runs the bundle that its first word names, from inside itself. Each bundle believes that it lies
 * where a built tree has it, in a folder beside the executable's own; so native addons are looked for there, in folders of root.
 */
import { registerHooks } from 'node:module';
import { dirname, join } from 'node:path';
import { getAsset } from 'node:sea';
import { pathToFileURL } from 'node:url';
import { choose, programs } from './programs.ts';

const place = dirname(dirname(process.execPath));
const held = new Map(Object.values(programs).map((bundle) => [pathToFileURL(join(place, bundle)).href, bundle]));

registerHooks({
  resolve: (name, context, next) => (held.has(name) ? { url: name, format: 'module', shortCircuit: true } : next(name, context)),
  load: (url, context, next) => {
    const bundle = held.get(url);
    return bundle === undefined ? next(url, context) : { format: 'module', source: getAsset(bundle, 'utf8'), shortCircuit: true };
  },
});

async function start(): Promise<void> {
  const chosen = choose(process.argv.slice(2));
  if (chosen === undefined) {
    console.error(`webmesh: no program of that name is in here; there are: ${Object.keys(programs).join(' ')}`);
    process.exit(2);
  }
  process.argv.splice(2, process.argv.length - 2, ...chosen.args);
  for (const word of chosen.run) await import(pathToFileURL(join(place, programs[word])).href);
}

// A bundle that breaks while it loads says so itself, and ends the process.
void start();
