import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Protocol } from 'electron';
import { mediaType, pageFile, pageHeaders } from '../contract/page-policy.ts';

/** Where the page lives for Chromium: a scheme of our own, so that no file URL ever gets the page's rights. */
export const pageOrigin = 'app://webmesh';
export const pageUrl = `${pageOrigin}/index.html`;

/** Must run before the app is ready. The compiled page is kept between windows and starts, as Chromium does for pages of the web. */
export function declarePageScheme(protocol: Pick<Protocol, 'registerSchemesAsPrivileged'>): void {
  protocol.registerSchemesAsPrivileged([{ scheme: 'app', privileges: { standard: true, secure: true, supportFetchAPI: true, codeCache: true } }]);
}

/** Answers the page's own files with their policy, and nothing else. */
export function servePage(protocol: Pick<Protocol, 'handle'>, folder: string): void {
  protocol.handle('app', (request) => answer(request, folder));
}

async function answer({ url, method }: Pick<Request, 'url' | 'method'>, folder: string): Promise<Response> {
  const { pathname } = new URL(url);
  const file = method === 'GET' ? pageFile(pathname) : undefined;
  const content = file === undefined ? undefined : await readFile(join(folder, file)).catch(() => undefined);
  if (file === undefined || content === undefined) return new Response('There is no such file.\n', { status: 404, headers: { ...pageHeaders, 'content-type': 'text/plain' } });
  return new Response(new Uint8Array(content), { headers: { ...pageHeaders, 'content-type': mediaType(file) } });
}
