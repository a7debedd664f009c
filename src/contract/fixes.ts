import { unreachable } from '../base/assert.ts';
import type { Client } from './client.ts';
import type { Warning } from './state.ts';

/** How a fix is done: by a command, at a page in the person's browser, or by a person at a place of the window. Places are addresses of the page, without `#/`. */
export type FixWay =
  | { readonly call: 'helper.start'; readonly input: Readonly<Record<string, never>> }
  | { readonly call: 'session.connect' | 'session.retry' | 'certificate.renew' | 'profile.port'; readonly input: { readonly profile?: string } }
  | { readonly call: 'peer.retry'; readonly input: { readonly id: string; readonly profile?: string } }
  /** A web page that the network at hand names: nobody's word but its own, so it is opened only when a person asks. */
  | { readonly open: string }
  /** `profile`: the network that must be shown there. */
  | { readonly place: FixPlace; readonly profile?: string };

export const fixPlaces = ['device/check', 'peers', 'people', 'people/root', 'audit', 'device', 'settings', 'add'] as const;
export type FixPlace = (typeof fixPlaces)[number];

/** Asks the core for it; rejects with the command's failure. */
export async function doFix({ call }: Pick<Client, 'call'>, way: Extract<FixWay, { call: string }>): Promise<void> {
  if (way.call === 'peer.retry') await call(way.call, way.input);
  else if (way.call === 'helper.start') await call(way.call, way.input);
  else await call(way.call, way.input);
}

/** The one answer to what a problem's button does, for the window and for the tray; null where there is no button. */
export function wayOf({ code, fix, detail, network }: Pick<Warning, 'code' | 'fix' | 'detail' | 'network'>): FixWay | null {
  const of = network ? { profile: network.id } : {};
  switch (fix) {
    case null:
      return null;
    case 'start-helper':
      return { call: 'helper.start', input: {} };
    case 'try-again':
      // Who is blocked starts anew; who waits for the next try does not wait any longer.
      return { call: code === 'cannot-connect' ? 'session.connect' : 'session.retry', input: of };
    case 'renew-now':
      return { call: 'certificate.renew', input: of };
    case 'look-again':
      return { call: 'peer.retry', input: { id: String(detail['peer'] ?? ''), ...of } };
    case 'check-network':
      return { place: 'device/check', ...of };
    case 'see-peers':
      return { place: 'peers', ...of };
    case 'open-people':
      return { place: 'people', ...of };
    case 'save-root-key':
      return { place: 'people/root', ...of };
    case 'open-audit':
      return { place: 'audit', ...of };
    case 'open-offers':
      return { place: 'device', ...of };
    case 'open-networks':
      return { place: 'settings' };
    case 'sign-in': {
      const link = String(detail['link'] ?? '');
      return isWebLink(link) ? { open: link } : null;
    }
    case 'other-port':
      return { call: 'profile.port', input: of };
    case 'new-invite':
      return { place: 'add' };
    default:
      return unreachable(fix);
  }
}

/** What a browser may be sent to at a stranger's word: http or https, without a user. */
export function isWebLink(link: string): boolean {
  if (link.length > 500 || !URL.canParse(link)) return false;
  const { protocol, username, password } = new URL(link);
  return (protocol === 'http:' || protocol === 'https:') && username === '' && password === '';
}
