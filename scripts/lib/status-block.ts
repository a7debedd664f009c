import { type Client } from '../../src/contract/carrier.ts';
import { type AppState, type SessionTopic } from '../../src/contract/state.ts';
import { sentence } from '../../src/contract/words.ts';

/** One live block in the terminal: phase, address, peers, URL. Redrawn in place on a terminal, printed on change elsewhere. */
export function showStatus(client: Client, url: string | null): void {
  let state: Partial<AppState> = {};
  let shown = '';
  let lines = 0;
  const draw = (): void => {
    const text = block(state, url);
    if (text === shown) return;
    const live = process.stdout.isTTY;
    process.stdout.write(`${live && lines > 0 ? `\x1b[${lines}A\x1b[J` : ''}${text}\n${live ? '' : '\n'}`);
    shown = text;
    lines = text.split('\n').length;
  };
  client.watch('peers', (peers) => {
    state = { ...state, peers };
    draw();
  });
  client.watch('session', (session) => {
    state = { ...state, session };
    draw();
  });
}

function block({ session, peers }: Partial<AppState>, url: string | null): string {
  const others = peers?.list.filter((p) => !p.self) ?? [];
  const direct = others.filter((p) => p.path.kind === 'direct').length;
  return [
    `phase    ${session ? phrase(session) : 'starting'}`,
    `address  ${session?.phase === 'connected' ? [session.lease.ipv4, session.lease.ipv6].filter(Boolean).join('  ') : '–'}`,
    `peers    ${others.length === 0 ? 'none yet' : `${others.length}, ${direct} direct`}`,
    `window   ${url ?? 'open'}`,
  ].join('\n');
}

function phrase(session: SessionTopic): string {
  switch (session.phase) {
    case 'connected':
      return `connected on ${session.tunnel.interfaceName} (${session.tunnel.engine})${session.degraded?.kind === 'control-plane-lost' ? ': changes are frozen, traffic is fine' : ''}`;
    case 'reconnecting': {
      const { what, next } = sentence(session.cause);
      return `reconnecting: ${what} ${next}`;
    }
    case 'blocked': {
      const { what, next } = sentence(session.failure);
      return `blocked: ${what} ${next}`;
    }
    default:
      return session.phase;
  }
}
