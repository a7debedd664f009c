import type { Clock } from '../../base/clock.ts';

/** Hands a small text to the browser as a file to be saved, as any download. Nothing leaves the page. */
export function saveText(name: string, text: string, page: Document, clock: Clock): void {
  const address = URL.createObjectURL(new Blob([text], { type: 'application/octet-stream' }));
  const link = page.createElement('a');
  link.href = address;
  link.download = name;
  // A link outside of an open dialog is inert and could not be clicked.
  (page.querySelector('dialog[open]') ?? page.body).append(link);
  link.click();
  link.remove();
  // Some browsers read the address only after this turn.
  clock.after(10_000, () => URL.revokeObjectURL(address));
}
