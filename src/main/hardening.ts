import type { App, Session, Shell, WebContents } from 'electron';
import { pageOrigin } from './page-protocol.ts';

/** The page may ask for these addresses to be opened in the person's browser. Everything else is dropped. */
const helpHosts: ReadonlySet<string> = new Set(['github.com', 'www.wireguard.com']);

/** True for an https link to one of the help sites, without user, password or port. */
export function isHelpLink(link: string): boolean {
  if (!URL.canParse(link)) return false;
  const { protocol, hostname, username, password, port } = new URL(link);
  return protocol === 'https:' && helpHosts.has(hostname) && username === '' && password === '' && port === '';
}

export function isOurPage(link: string): boolean {
  return link === pageOrigin || link.startsWith(`${pageOrigin}/`);
}

/** No permission, no device, no request that is not for our own page. The list follows Electron's security checklist. */
export function hardenSession(session: Session): void {
  session.setPermissionRequestHandler((_contents, _permission, decide) => decide(false));
  session.setPermissionCheckHandler(() => false);
  session.setDevicePermissionHandler(() => false);
  session.setSpellCheckerEnabled(false);
  session.webRequest.onBeforeRequest(({ url }, decide) => decide({ cancel: !(isOurPage(url) || url.startsWith('devtools:')) }));
  session.on('will-download', (event) => event.preventDefault());
}

/** Every page, however it came to be, stays where it is and opens nothing but help links in the browser. */
export function hardenContents(app: Pick<App, 'on'>, shell: Pick<Shell, 'openExternal'>): void {
  app.on('web-contents-created', (_event, contents) => {
    contents.setWindowOpenHandler(({ url }) => {
      if (isHelpLink(url)) void shell.openExternal(url);
      return { action: 'deny' };
    });
    stay(contents);
  });
}

function stay(contents: WebContents): void {
  contents.on('will-navigate', (event) => {
    if (!isOurPage(event.url)) event.preventDefault();
  });
  contents.on('will-redirect', (event) => event.preventDefault());
  contents.on('will-attach-webview', (event) => event.preventDefault());
}
