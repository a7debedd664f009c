/**
 * Runs in the page, so it may name nothing from outside. Finds what axe leaves undecided or does not look for: text below 4.5:1 (3:1 when large)
 * wherever it lies, in pictures and as placeholders too; controls without a name or too small to hit; ids used twice or pointing nowhere; terms
 * that lie over their values; a page without exactly one heading of level 1 and one main, and one that is wider than its window (WCAG 1.4.10).
 */
export function ownProblems(): string[] {
  const found: string[] = [];
  const seen = (el: Element): boolean => {
    const box = el.getBoundingClientRect();
    const style = getComputedStyle(el);
    return box.width > 1 && box.height > 1 && style.visibility !== 'hidden' && style.clipPath === 'none' && el.closest('.unseen') === null;
  };
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  if (canvas === null) return ['no canvas to read colours with'];
  type Rgb = readonly [number, number, number];
  const rgba = (colour: string): readonly [...Rgb, number] => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    const [r = 0, g = 0, b = 0, a = 0] = canvas.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const over = ([r, g, b, a]: readonly [...Rgb, number], [ur, ug, ub]: Rgb): Rgb => [r * a + ur * (1 - a), g * a + ug * (1 - a), b * a + ub * (1 - a)];
  const groundOf = (el: Element | null): Rgb => (el === null ? [255, 255, 255] : over(rgba(getComputedStyle(el).backgroundColor), groundOf(el.parentElement)));
  const light = (rgb: Rgb): number => {
    const [r, g, b] = rgb.map((v) => (v / 255 <= 0.03928 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4)) as unknown as Rgb;
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ratio = (ink: string, el: Element): number => {
    const ground = groundOf(el);
    const [more = 0, less = 0] = [light(over(rgba(ink), ground)), light(ground)].sort((a, b) => b - a);
    return (more + 0.05) / (less + 0.05);
  };
  const behindDialog = (el: Element): boolean => document.querySelector('dialog[open]') !== null && el.closest('dialog') === null;

  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
    const el = node.parentElement;
    const text = node.textContent?.trim() ?? '';
    if (el === null || text === '' || !seen(el) || el.closest(':disabled, option, title') !== null || behindDialog(el)) continue;
    const style = getComputedStyle(el);
    const got = ratio(el instanceof SVGElement ? style.fill : style.color, el);
    if (got < (Number.parseFloat(style.fontSize) >= 24 ? 3 : 4.5)) found.push(`contrast ${got.toFixed(2)}: ${text.slice(0, 40)}`);
  }
  for (const input of document.querySelectorAll<HTMLInputElement>('input[placeholder]')) {
    const got = ratio(getComputedStyle(input, '::placeholder').color, input);
    if (seen(input) && !behindDialog(input) && got < 4.5) found.push(`contrast ${got.toFixed(2)}: placeholder ${input.placeholder}`);
  }
  for (const el of document.querySelectorAll('a[href], button, input, select')) {
    if (!seen(el)) continue;
    const labelled = el.getAttribute('aria-labelledby');
    const labels = el instanceof HTMLInputElement || el instanceof HTMLSelectElement ? [...(el.labels ?? [])].map((label) => label.textContent).join(' ') : '';
    const name = el.getAttribute('aria-label') || (labelled && document.getElementById(labelled)?.textContent) || labels || (el.textContent ?? '');
    if (name.trim() === '') found.push(`no name: ${el.outerHTML.slice(0, 80)}`);
    const { width, height } = el.getBoundingClientRect();
    if (height < 20 || width < 16) found.push(`small: ${name.trim().slice(0, 40)} ${Math.round(width)}x${Math.round(height)}`);
  }
  const inkOf = (el: Element): DOMRect => {
    const range = document.createRange();
    range.selectNodeContents(el);
    return range.getBoundingClientRect();
  };
  for (const dd of document.querySelectorAll('dt + dd')) {
    const term = dd.previousElementSibling as Element;
    if (!seen(dd) || !seen(term)) continue;
    const [a, b] = [inkOf(term), inkOf(dd)];
    if (Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1 && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 4) found.push(`overlaps: ${term.textContent?.trim()}`);
  }
  const ids = [...document.querySelectorAll('[id]')].map(({ id }) => id);
  for (const id of new Set(ids.filter((each, i) => ids.indexOf(each) !== i))) found.push(`id twice: ${id}`);
  for (const attribute of ['aria-labelledby', 'aria-describedby', 'aria-activedescendant', 'aria-controls']) {
    for (const el of document.querySelectorAll(`[${attribute}]`)) {
      for (const id of (el.getAttribute(attribute) ?? '').split(' ').filter(Boolean)) if (document.getElementById(id) === null) found.push(`${attribute} to nothing: ${id}`);
    }
  }
  const headings = [...document.querySelectorAll('h1')].filter((el) => seen(el) && el.closest('[inert]') === null);
  if (headings.length !== 1) found.push(`${headings.length} headings of level 1`);
  if (document.querySelectorAll('main').length !== 1) found.push('no single main');
  for (const el of [document.documentElement, document.querySelector('main'), document.querySelector('dialog[open]')]) {
    if (el !== null && el.scrollWidth > el.clientWidth) found.push(`wider than its window: ${el.tagName} ${el.scrollWidth} of ${el.clientWidth}`);
  }
  return found;
}
