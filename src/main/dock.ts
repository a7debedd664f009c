import type { App } from 'electron';

/** On macOS the app is in the dock while its window is to be seen, and only in the menu bar otherwise. */
export function followWindow({ dock }: Pick<App, 'dock'>, visible: boolean): void {
  if (dock === undefined) return;
  if (visible) void dock.show();
  else dock.hide();
}
