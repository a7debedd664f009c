/**
 * Chromium knows no scheme of ours, so `app://webmesh/x` is `https://webmesh.app.localhost/x` to it: a secure origin on a name that never
 * leaves the machine. Main only ever sees the first form.
 */
export const handledSchemes = new Map<string, (request: Request) => Response | Promise<Response>>();

export function toChromium(url: string): string {
  const parts = /^([a-z][a-z0-9+.-]*):\/\/([^/?#]*)(.*)$/i.exec(url);
  const [, scheme = '', host = '', rest = ''] = parts ?? [];
  return handledSchemes.has(scheme) ? `https://${host}.${scheme}.localhost${rest || '/'}` : url;
}

export function fromChromium(url: string): string {
  const [, host = '', scheme = '', rest = '/'] = /^https:\/\/([^/]*)\.([a-z0-9+-]+)\.localhost(\/.*)?$/.exec(url) ?? [];
  return handledSchemes.has(scheme) ? `${scheme}://${host}${rest}` : url;
}

export function schemeOf(url: string): string {
  return url.slice(0, url.indexOf(':'));
}

/** `app://webmesh`, or `null` for what has no origin. */
export function originOf(url: string): string {
  return /^([a-z][a-z0-9+.-]*:\/\/[^/]*)/.exec(url)?.[1] ?? 'null';
}
