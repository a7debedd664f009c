/**
 * Whether this page holds something that would be lost with it: a dialog that is open, or text that was typed into a field that is still there.
 * What was typed to search or filter is no loss. The shell asks before it ends a hidden window.
 */
export function watchUnfinished(page: Document): () => boolean {
  const typed = new Set<HTMLInputElement | HTMLTextAreaElement>();
  page.addEventListener('input', ({ target }) => {
    if ((target instanceof HTMLInputElement && isText(target)) || target instanceof HTMLTextAreaElement) typed.add(target);
  }, { capture: true });
  return () => {
    for (const field of typed) if (!field.isConnected || field.value === '') typed.delete(field);
    return typed.size > 0 || page.querySelector('dialog[open]') !== null;
  };
}

function isText({ type }: HTMLInputElement): boolean {
  return ['text', 'password', 'number', 'email', 'url', 'tel'].includes(type);
}
