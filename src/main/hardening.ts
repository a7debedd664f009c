import type { App, Session, Shell, WebContents } from 'electron';
import { type Clock } from '../base/clock.ts';
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

/** Chromium is here to draw our own files: it looks up no name and speaks to nobody, whatever a page or a part of Chromium tries. */
export function hardenCommandLine({ commandLine }: Pick<App, 'commandLine'>): void {
  commandLine.appendSwitch('host-resolver-rules', 'MAP * ~NOTFOUND');
  for (const name of ['disable-background-networking', 'disable-component-update', 'no-pings']) commandLine.appendSwitch(name);
}

/** No permission, no device, no request that is not for our own page. `saveTitle` heads the dialog of the one download there is. The list follows Electron's security checklist. */
export function hardenSession(session: Session, saveTitle: () => string): void {
  session.setPermissionRequestHandler((_contents, _permission, decide) => decide(false));
  session.setPermissionCheckHandler(() => false);
  session.setDevicePermissionHandler(() => false);
  session.setSpellCheckerEnabled(false);
  // Nothing of ours is fetched over TLS, so no certificate is good.
  session.setCertificateVerifyProc((_request, decide) => decide(-2));
  session.webRequest.onBeforeRequest(({ url }, decide) => decide({ cancel: !(isOurPage(url) || isOwnBlob(url) || url.startsWith('devtools:')) }));
  session.on('will-download', (event, item) => {
    if (isInviteFile({ url: item.getURL(), name: item.getFilename(), bytes: item.getTotalBytes() })) item.setSaveDialogOptions({ title: saveTitle(), defaultPath: item.getFilename() });
    else event.preventDefault();
  });
}

const inviteBytesMax = 4_096;

/** The one download there is: an invite that our page made, to a place that the person chooses in the system's dialog. */
export function isInviteFile({ url, name, bytes }: { readonly url: string; readonly name: string; readonly bytes: number }): boolean {
  return isOwnBlob(url) && /^[^/\\]{1,80}\.webmesh-invite$/.test(name) && bytes > 0 && bytes <= inviteBytesMax;
}

function isOwnBlob(url: string): boolean {
  return url.startsWith(`blob:${pageOrigin}/`);
}

/** One link a second: a page that has gone mad shall not fill the browser. */
const linkGapMs = 1_000;

/** Every page, however it came to be, stays where it is and opens nothing but help links and what is `known`: pages or terminals at peers of the present mesh, a page to sign in at. */
export function hardenContents(app: Pick<App, 'on'>, shell: Pick<Shell, 'openExternal'>, clock: Pick<Clock, 'monotonicMs'>, known: (link: string) => string | null): void {
  let lastMs = Number.NEGATIVE_INFINITY;
  app.on('web-contents-created', (_event, contents) => {
    contents.setWindowOpenHandler(({ url }) => {
      const wanted = isHelpLink(url) ? url : known(url);
      if (wanted !== null && clock.monotonicMs() - lastMs >= linkGapMs) {
        lastMs = clock.monotonicMs();
        // Nobody may be at home for ssh: links; that is no reason to end.
        void shell.openExternal(wanted).catch(() => {});
      }
      return { action: 'deny' };
    });
    stay(contents);
  });
}

function stay(contents: WebContents): void {
  contents.on('will-navigate', (event) => {
    if (!isOurPage(event.url)) event.preventDefault();
  });
  contents.on('will-frame-navigate', (event) => {
    if (!event.isMainFrame) event.preventDefault();
  });
  contents.on('will-redirect', (event) => event.preventDefault());
  contents.on('will-attach-webview', (event) => event.preventDefault());
}
