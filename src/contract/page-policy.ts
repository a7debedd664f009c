/** What every shell that shows the page sends with it: the page runs its own files, talks to where it came from, and nothing else. */
export const pageHeaders: Readonly<Record<string, string>> = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), microphone=(), geolocation=(), usb=(), serial=(), hid=(), payment=()',
  'cache-control': 'no-store',
};

const types: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
  png: 'image/png',
  ico: 'image/x-icon',
  woff2: 'font/woff2',
  json: 'application/json',
  map: 'application/json',
};

/** The media type of a file of the page, by the end of its name. */
export function mediaType(path: string): string {
  return types[path.slice(path.lastIndexOf('.') + 1).toLowerCase()] ?? 'application/octet-stream';
}

/**
 * The file that a URL path names, relative to the page's folder and with forward slashes, or undefined when it names none inside it.
 * Takes nothing that a file system could read in another way: no dots, no back slashes, no empty or hidden parts, no colons.
 */
export function pageFile(urlPath: string): string | undefined {
  if (urlPath === '/') return 'index.html';
  let decoded: string;
  try {
    decoded = decodeURIComponent(urlPath);
  } catch {
    return undefined;
  }
  const parts = decoded.split('/').slice(1);
  const plain = /^[A-Za-z0-9_-][A-Za-z0-9._-]*$/;
  return parts.length > 0 && parts.every((part) => plain.test(part) && !part.includes('..')) ? parts.join('/') : undefined;
}
