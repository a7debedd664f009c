import { unreachable } from '../base/assert.ts';
import { isWebLink } from '../contract/fixes.ts';
import type { Warning } from '../contract/state.ts';
import { plainText } from '../contract/words.ts';
import { shellWord } from './format.ts';

/** What to type for a problem's fix, or null where there is nothing to type. */
export function fixCommand(warning: Pick<Warning, 'code' | 'fix' | 'detail' | 'network'>): string | null {
  const command = commandFor(warning);
  if (command === null || !warning.network || warning.network.alone || ofNoNetwork.has(warning.fix)) return command;
  return warning.fix === 'other-port' ? `${command} ${warning.network.id}` : `${command} --network ${warning.network.id}`;
}

const ofNoNetwork: ReadonlySet<Warning['fix']> = new Set(['new-invite', 'open-networks']);

function commandFor({ code, fix, detail }: Pick<Warning, 'code' | 'fix' | 'detail'>): string | null {
  switch (fix) {
    case null:
      return null;
    case 'start-helper':
      return 'webmesh helper start';
    case 'try-again':
      return code === 'cannot-connect' ? 'webmesh up' : 'webmesh retry';
    case 'renew-now':
      return 'webmesh renew';
    case 'look-again':
      return `webmesh peers retry ${shellWord(plainText(String(detail['peer'] ?? '')))}`;
    case 'check-network':
      return 'webmesh netcheck';
    case 'see-peers':
      return 'webmesh peers';
    case 'open-people':
      return 'webmesh devices';
    case 'save-root-key':
      return 'webmesh root export';
    case 'open-audit':
      return 'webmesh audit';
    case 'open-offers':
      return 'webmesh offers';
    case 'open-networks':
      return 'webmesh profile list';
    case 'sign-in':
      return isWebLink(String(detail['link'] ?? '')) ? `Page: ${new URL(String(detail['link'])).href}` : null;
    case 'other-port':
      return 'webmesh profile port';
    case 'new-invite':
      return 'webmesh join -';
    default:
      return unreachable(fix);
  }
}
