import { initialOf } from '../contract/networks.ts';
import { type ProfileView, type Standing } from '../contract/state.ts';
import { plainText } from '../contract/plain-text.ts';
import { sentenceIn } from '../contract/say.ts';
import { type TrayIcon, type TrayItem } from './tray-items.ts';
import { type TrayWords } from './words/words.ts';

/** How a network stands, as far as a small picture can tell. */
export type Mood = 'off' | 'busy' | 'on' | 'partly' | 'blocked';

export function moodOf({ want, phase, degraded }: Standing): Mood {
  if (phase === 'connected') return degraded === 'control-plane-lost' ? 'partly' : 'on';
  if (phase === 'blocked') return 'blocked';
  return want === 'disconnected' && phase === 'disconnected' ? 'off' : 'busy';
}

/**
 * The mood of all networks together, of which nobody may be left out: what works and what does not is `partly`; where nothing works yet, trying
 * is said before trouble, which has a line of its own. Networks that are off on purpose say nothing.
 */
export function moodOfAll(moods: readonly Mood[]): Mood {
  const there = new Set(moods.filter((mood) => mood !== 'off'));
  if (there.size === 0) return 'off';
  if (there.size === 1) return [...there][0] ?? 'off';
  if (there.has('on') || there.has('partly')) return 'partly';
  return 'busy';
}

export const iconOfMood = { off: 'disconnected', busy: 'connecting', on: 'connected', partly: 'degraded', blocked: 'blocked' } as const satisfies Readonly<Record<Mood, TrayIcon>>;

const marks: Readonly<Record<Mood, string>> = { on: '●', partly: '◐', busy: '◌', off: '○', blocked: '✕' };

/** Two or three words on how it stands. */
export function standingWord({ phase, degraded }: Standing, { network }: TrayWords): string {
  return phase === 'connected' && degraded === 'control-plane-lost' ? network.frozen : network.phases[phase];
}

/** One line for each network, with what can be done about it inside. */
export function networkItems(list: readonly ProfileView[], selected: string | null, words: TrayWords): readonly TrayItem[] {
  const items = list.map((profile): TrayItem => ({ kind: 'menu', id: `network-${profile.id}`, label: `${marks[moodOf(profile.session)]} ${initialOf(profile.name)}  ${words.network.line(nameOf(profile, words), standingWord(profile.session, words))}`, items: actsOf(profile, selected, words) }));
  const all: readonly TrayItem[] = list.filter(({ session }) => session.want === 'connected').length < 2 ? [] : [{ kind: 'action', id: 'disconnect-all', label: words.network.disconnectAll, action: { do: 'disconnect-all' } }];
  return [...items, ...all];
}

export function nameOf({ name, insecure }: Pick<ProfileView, 'name' | 'insecure'>, { status }: TrayWords): string {
  return insecure ? status.clearText(plainText(name)) : plainText(name);
}

function actsOf({ id, session }: ProfileView, selected: string | null, { menu, network, shared }: TrayWords): readonly TrayItem[] {
  const { want, phase, why } = session;
  const on = want === 'connected' && phase !== 'blocked';
  const act: TrayItem = on
    ? { kind: 'action', id: `disconnect-${id}`, label: phase === 'connected' ? menu.disconnect : menu.stopConnecting, action: { do: 'disconnect', profile: id } }
    : { kind: 'action', id: `connect-${id}`, label: phase === 'blocked' ? menu.again : menu.connect, action: { do: 'connect', profile: id } };
  return [
    ...(why === null ? [] : [{ kind: 'text', id: `why-${id}`, label: sentenceIn(shared, why).what } as const]),
    act,
    ...(phase === 'reconnecting' ? [{ kind: 'action', id: `retry-${id}`, label: network.tryNow, action: { do: 'retry', profile: id } } as const] : []),
    { kind: 'action', id: `show-${id}`, label: id === selected ? network.show : network.showThis, action: { do: 'show', profile: id } },
  ];
}
