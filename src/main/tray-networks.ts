import { initialOf } from '../contract/networks.ts';
import { type ProfileView, type Standing } from '../contract/state.ts';
import { plainText, sentence } from '../contract/words.ts';
import { menuWords as words } from './shell-words.ts';
import { type TrayIcon, type TrayItem } from './tray-items.ts';

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
export function standingWord({ phase, degraded }: Standing): string {
  return phase === 'connected' && degraded === 'control-plane-lost' ? words.frozen : words.phases[phase];
}

/** One line for each network, with what can be done about it inside. */
export function networkItems(list: readonly ProfileView[], selected: string | null): readonly TrayItem[] {
  const items = list.map((profile): TrayItem => ({ kind: 'menu', id: `network-${profile.id}`, label: `${marks[moodOf(profile.session)]} ${initialOf(profile.name)}  ${nameOf(profile)}: ${standingWord(profile.session)}`, items: actsOf(profile, selected) }));
  const all: readonly TrayItem[] = list.filter(({ session }) => session.want === 'connected').length < 2 ? [] : [{ kind: 'action', id: 'disconnect-all', label: words.disconnectAll, action: { do: 'disconnect-all' } }];
  return [...items, ...all];
}

export function nameOf({ name, insecure }: Pick<ProfileView, 'name' | 'insecure'>): string {
  return `${plainText(name)}${insecure ? ` (${words.clearText})` : ''}`;
}

function actsOf({ id, session }: ProfileView, selected: string | null): readonly TrayItem[] {
  const { want, phase, why } = session;
  const on = want === 'connected' && phase !== 'blocked';
  const act: TrayItem = on
    ? { kind: 'action', id: `disconnect-${id}`, label: phase === 'connected' ? words.disconnect : words.stop, action: { do: 'disconnect', profile: id } }
    : { kind: 'action', id: `connect-${id}`, label: phase === 'blocked' ? words.tryAgain : words.connect, action: { do: 'connect', profile: id } };
  return [
    ...(why === null ? [] : [{ kind: 'text', id: `why-${id}`, label: sentence(why).what } as const]),
    act,
    ...(phase === 'reconnecting' ? [{ kind: 'action', id: `retry-${id}`, label: words.tryNow, action: { do: 'retry', profile: id } } as const] : []),
    { kind: 'action', id: `show-${id}`, label: id === selected ? words.show : words.showThis, action: { do: 'show', profile: id } },
  ];
}
