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
  client.watch('trust', (trust) => {
    state = { ...state, trust };
    draw();
  });
  client.watch('session', (session) => {
    state = { ...state, session };
    draw();
  });
}

function block({ session, peers, trust }: Partial<AppState>, url: string | null): string {
  const others = peers?.list.filter((p) => !p.self) ?? [];
  const direct = others.filter((p) => p.path.kind === 'direct').length;
  return [
    `phase    ${session ? phrase(session) : 'starting'}`,
    `address  ${session?.phase === 'connected' ? [session.lease.ipv4, session.lease.ipv6].filter(Boolean).join('  ') : '–'}`,
    ...(trust === undefined || trust.mode === 'none' ? [] : [`trust    ${trustPhrase(trust)}`]),
    `peers    ${others.length === 0 ? 'none yet' : `${others.length}, ${direct} direct`}`,
    `window   ${url ?? 'open'}`,
  ].join('\n');
}

/** Clear text is said in red wherever there is colour. */
function trustPhrase({ mode, role }: AppState['trust']): string {
  if (mode === 'mtls') return `every device proves itself${role === null ? '' : `; this one is ${role === 'admin' ? 'an admin: npx webmesh invite makes a link for the next one' : `a ${role}`}`}`;
  const words = 'CLEAR TEXT: joining and managing this network is not protected';
  return process.stdout.isTTY ? `\x1b[31m${words}\x1b[39m` : words;
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
