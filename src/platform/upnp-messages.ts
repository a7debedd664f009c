/** What UPnP routers say and are asked (UPnP Internet Gateway Device 1 and 2), read with a few patterns: nothing of it decides more than a port. */

/** The service that maps ports, and where it is asked. */
export interface MappingService {
  readonly type: string;
  /** Path with query on the router itself. */
  readonly path: string;
  readonly port: number;
}

const servicePattern = /<service>([\s\S]{0,2000}?)<\/service>/g;
const typePattern = /<serviceType>\s*(urn:schemas-upnp-org:service:WAN(?:IP|PPP)Connection:[12])\s*<\/serviceType>/;
const controlPattern = /<controlURL>\s*([^<\s]{1,500})\s*<\/controlURL>/;

export function searchMessage(target: string): Buffer {
  return Buffer.from(`M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: "ssdp:discover"\r\nMX: 1\r\nST: ${target}\r\n\r\n`);
}

/** The description's address in an answer to a search; undefined when it is not on the machine that answered, or no plain HTTP. */
export function locationIn(answer: string, from: string): URL | undefined {
  const text = /^HTTP\/1\.\d 200/.test(answer) ? /^location:\s*(\S{1,500})\s*$/im.exec(answer)?.[1] : undefined;
  return text === undefined ? undefined : urlOn(from, text, undefined);
}

/** The first service of a description that maps ports and is on the same machine. */
export function serviceIn(description: string, location: URL): MappingService | undefined {
  for (const [, body = ''] of description.matchAll(servicePattern)) {
    const type = typePattern.exec(body)?.[1];
    const control = controlPattern.exec(body)?.[1];
    const url = type && control ? urlOn(location.hostname, control.replaceAll('&amp;', '&'), location) : undefined;
    if (type && url) return { type, path: `${url.pathname}${url.search}`, port: Number(url.port || 80) };
  }
  return undefined;
}

/** A router may only speak for itself: whatever names another machine is refused. */
function urlOn(host: string, text: string, base: URL | undefined): URL | undefined {
  const url = URL.canParse(text, base?.href) ? new URL(text, base?.href) : undefined;
  return url?.protocol === 'http:' && url.hostname === host && url.username === '' ? url : undefined;
}

export function soapCall(service: MappingService, action: string, values: Readonly<Record<string, string | number>>): { readonly body: string; readonly headers: Readonly<Record<string, string>> } {
  const fields = Object.entries(values).map(([name, value]) => `<${name}>${String(value)}</${name}>`).join('');
  return {
    body: `<?xml version="1.0"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" s:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/"><s:Body><u:${action} xmlns:u="${service.type}">${fields}</u:${action}></s:Body></s:Envelope>`,
    headers: { 'content-type': 'text/xml; charset="utf-8"', soapaction: `"${service.type}#${action}"` },
  };
}

export function fieldIn(answer: string, name: string): string | undefined {
  return new RegExp(`<${name}>\\s*([^<]{1,200}?)\\s*</${name}>`).exec(answer)?.[1];
}
