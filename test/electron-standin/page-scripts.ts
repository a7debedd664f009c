import { readFileSync } from 'node:fs';
import { Script } from 'node:vm';
import { makeCodec } from './codec.ts';

/** The name that Electron gives the preload's world. */
export const preloadWorld = 'Electron Isolated Context';
/** The function through which the preload's world speaks to us. It is taken away before the preload runs. */
export const binding = 'standinSend';

/** What Chromium runs in every document before its own scripts: one script for the page's world, one for the preload's. */
export interface InjectedScript {
  readonly source: string;
  readonly worldName?: string;
}

/** Throws a SyntaxError when the preload is none, as Electron would report it. */
export function scriptsFor(preloadFile: string, nonce: string): readonly InjectedScript[] {
  const preload = readFileSync(preloadFile, 'utf8');
  new Script(`(function () {${preload}\n})`, { filename: preloadFile });
  const common = `${makeCodec.toString()}\n${pageSource('bridge')}`;
  const settings = { nonce, binding, platform: process.platform, versions: { ...process.versions } };
  return [
    { source: `(() => {${common}\n${pageSource('page-world')}\nstartPageWorld(${JSON.stringify(nonce)});})()` },
    {
      worldName: preloadWorld,
      source: `if (window === top) (() => {${common}\n${pageSource('preload-world')}\nstartPreloadWorld(${JSON.stringify(settings)}, function (require, module, exports, process) {${preload}\n});})()`,
    },
  ];
}

function pageSource(name: string): string {
  return readFileSync(new URL(`./page/${name}.js`, import.meta.url), 'utf8');
}
