import { type Cancel, type Clock } from '../base/clock.ts';
import { type Client } from '../contract/client.ts';
import { type CommandName, type Input } from '../contract/commands.ts';
import { type AppState, networkTopics, type NetworkTopics, type TopicName } from '../contract/state.ts';
import { takes } from './flags.ts';

/** Counters change without a word on how the network stands. */
const lookEveryMs = 1_000;

/**
 * The app as it is about one network, whichever one a window shows: commands name it, and what is told of one network at a time is asked for,
 * again whenever something moved.
 */
export function networkClient(client: Client, clock: Pick<Clock, 'after'>, profile: string): Client {
  function watch<K extends TopicName>(name: K, see: (value: AppState[K]) => void): () => void {
    if (!isOfOne(name)) return client.watch(name, see);
    const of: keyof NetworkTopics = name;
    const ending = new AbortController();
    let text = '';
    let asking = false;
    let again = false;
    let cancel: Cancel = () => {};
    const look = async (): Promise<void> => {
      again = true;
      if (asking) return;
      asking = true;
      cancel();
      while (again && !ending.signal.aborted) {
        again = false;
        const { view } = await client.call('network.view', { profile }, ending.signal);
        const value = view[of];
        if (JSON.stringify(value) === text || ending.signal.aborted) continue;
        text = JSON.stringify(value);
        (see as (value: NetworkTopics[keyof NetworkTopics]) => void)(value);
      }
      asking = false;
      if (!ending.signal.aborted) cancel = clock.after(lookEveryMs, move);
    };
    /** An app that went away is told by its client; a network that was forgotten meanwhile has nothing more to say. */
    const move = (): void => void look().catch(() => ending.abort());
    const stops = [client.watch('profiles', move), client.watch('session', move)];
    move();
    return () => {
      ending.abort();
      cancel();
      for (const stop of stops) stop();
    };
  }

  return {
    call: (name, input, signal) => client.call(name, takes(name, 'profile') && !('profile' in input) ? { ...input, profile } as Input<CommandName> as typeof input : input, signal),
    watch,
    onClose: (closed) => client.onClose(closed),
    close: () => client.close(),
  };
}

function isOfOne(name: TopicName): name is TopicName & keyof NetworkTopics {
  return (networkTopics as readonly string[]).includes(name);
}
