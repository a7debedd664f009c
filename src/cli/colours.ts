import { type World } from './world.ts';

/** Red words on a terminal that has colours, else the words alone: nothing is said by colour only. */
export function red(text: string, { screen }: Pick<World, 'screen'>): string {
  return screen.columns !== undefined && screen.colours ? `\u001b[1;31m${text}\u001b[0m` : text;
}

/** What stands wherever a clear-text network is shown. */
export const clearText = 'CLEAR TEXT: joining and managing this network is not protected. Traffic inside the tunnel is.';
