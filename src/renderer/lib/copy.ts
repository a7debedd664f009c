/** Puts text on the clipboard. Where the page may not use the clipboard directly, it copies a selection, as pages always could. */
export async function copyText(text: string, page: Document): Promise<boolean> {
  try {
    await page.defaultView?.navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copySelection(text, page);
  }
}

function copySelection(text: string, page: Document): boolean {
  const box = page.createElement('textarea');
  box.value = text;
  box.className = 'unseen';
  const before = page.activeElement;
  // While a dialog is open everything outside of it is out of reach, also for a selection.
  (before?.closest('dialog') ?? page.body).append(box);
  box.select();
  const done = page.execCommand('copy');
  box.remove();
  if (before instanceof HTMLElement) before.focus();
  return done;
}
