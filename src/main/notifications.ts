import type { Cancel, Clock } from '../base/clock.ts';
import type { Client } from '../contract/client.ts';
import type { HealthTopic, ProfilesTopic, SessionTopic, Settings } from '../contract/state.ts';
import type { Notice } from './notices.ts';
import { wantedKinds } from './notices.ts';
import { firstSight, notify, type NotifierState, type Sight } from './notifier.ts';
import type { TrayWords } from './words/words.ts';

/** One notification on the screen. */
export interface Shown {
  close(): void;
}

export interface NotificationsInput {
  readonly clock: Clock;
  /** The window is visible and in front. */
  readonly watched: () => boolean;
  readonly show: (notice: Notice) => Shown;
  /** Of the language that was chosen. */
  readonly words: (choice: string) => TrayWords;
}

/** Follows a core's topics and shows what `notifier` decides. A core that takes another's place is followed by the same notifier. */
export function createNotifications({ clock, watched, show, words }: NotificationsInput): { follow(client: Pick<Client, 'watch'>): void; close(): void } {
  const open = new Map<string, Shown>();
  let state: NotifierState | undefined;
  let health: HealthTopic | undefined;
  let session: SessionTopic | undefined;
  let profiles: ProfilesTopic | undefined;
  let settings: Settings | undefined;
  let cancel: Cancel = () => {};

  const close = (id: string): void => {
    open.get(id)?.close();
    open.delete(id);
  };
  const look = (): void => {
    cancel();
    if (!health || !session || !settings) return;
    const phases = new Map([['', session.phase], ...(profiles?.list ?? []).map((profile) => [profile.id, profile.session.phase] as const)]);
    const sight: Sight = { warnings: health.warnings, phases, watched: watched(), wanted: wantedKinds(settings) };
    const nowMs = clock.monotonicMs();
    if (state === undefined) state = firstSight(sight, nowMs);
    const { state: next, effects, againMs } = notify(state, sight, nowMs, words(settings.language));
    state = next;
    for (const effect of effects) {
      close(effect.id);
      if (effect.do === 'show') open.set(effect.id, show(effect.notice));
    }
    cancel = againMs === null ? () => {} : clock.after(againMs, look);
  };
  return {
    follow: (client) => {
      client.watch('settings', (value) => {
        settings = value;
        look();
      });
      client.watch('session', (value) => {
        session = value;
        look();
      });
      client.watch('profiles', (value) => {
        profiles = value;
        look();
      });
      client.watch('health', (value) => {
        health = value;
        look();
      });
    },
    close: () => {
      cancel();
      for (const id of [...open.keys()]) close(id);
    },
  };
}
