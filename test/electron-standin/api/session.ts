import { EventEmitter } from 'node:events';
import type * as Electron from 'electron';
import { handledSchemes } from '../addresses.ts';
import { recorded, strict } from '../unsupported.ts';

let ready = false;
/** Some calls are allowed only before the app is ready. */
export function sessionIsReady(): void {
  ready = true;
}

export const protocol = strict('protocol', {
  registerSchemesAsPrivileged: (): void => {
    if (ready) throw new Error('protocol.registerSchemesAsPrivileged should be called before app is ready');
  },
  handle: (scheme: string, handler: (request: Request) => Response | Promise<Response>): void => {
    if (handledSchemes.has(scheme)) throw new Error(`The scheme '${scheme}' is already handled`);
    handledSchemes.set(scheme, handler);
  },
  isProtocolHandled: (scheme: string): boolean => handledSchemes.has(scheme),
} satisfies Pick<Electron.Protocol, 'registerSchemesAsPrivileged' | 'handle' | 'isProtocolHandled'>);

type BeforeRequest = (details: { url: string }, decide: (answer: { cancel?: boolean }) => void) => void;
type Policy = Pick<Electron.Session, 'setPermissionRequestHandler' | 'setPermissionCheckHandler' | 'setDevicePermissionHandler' | 'setSpellCheckerEnabled' | 'setCertificateVerifyProc'>;

class Session extends EventEmitter implements Policy {
  permissionRequest: Parameters<Electron.Session['setPermissionRequestHandler']>[0] = null;
  permissionCheck: Parameters<Electron.Session['setPermissionCheckHandler']>[0] = null;
  beforeRequest: BeforeRequest | null = null;
  readonly webRequest = strict('session.webRequest', {
    onBeforeRequest: (hear: BeforeRequest): void => {
      this.beforeRequest = hear;
    },
  });
  setPermissionRequestHandler(handler: Parameters<Electron.Session['setPermissionRequestHandler']>[0]): void {
    this.permissionRequest = handler;
  }
  setPermissionCheckHandler(handler: Parameters<Electron.Session['setPermissionCheckHandler']>[0]): void {
    this.permissionCheck = handler;
  }
  setDevicePermissionHandler(): void {}
  setSpellCheckerEnabled(): void {}
  /** No request of a page leaves Chromium here, so no certificate is ever looked at. */
  setCertificateVerifyProc(): void {}

  /** Asks the app whether a page may have a permission; without a handler everything is granted, as in Electron. */
  grants(permission: 'geolocation' | 'notifications' | 'media'): Promise<boolean> {
    const ask = this.permissionRequest;
    if (ask === null) return Promise.resolve(true);
    return new Promise((resolve) => ask({} as Electron.WebContents, permission, resolve, { isMainFrame: true, requestingUrl: '' }));
  }

  /** Asks the app whether a request may go out. */
  allows(url: string): Promise<boolean> {
    const ask = this.beforeRequest;
    if (ask === null) return Promise.resolve(true);
    return new Promise((resolve) => ask({ url }, ({ cancel }) => {
      if (cancel) recorded.push({ api: 'request blocked', args: [url] });
      resolve(cancel !== true);
    }));
  }
}

export const defaultSession = new Session();
export const session = strict('session', { defaultSession: strict('session.defaultSession', defaultSession) });
