/** Which names of a picture can be written without lying over each other, over marks, or beyond its edge. Pure. */
export interface Mark {
  readonly id: string;
  /** Pixels from the left and from the top. */
  readonly x: number;
  readonly y: number;
  readonly radius: number;
  readonly name: string;
  /** Higher ones are written first; those at `always` are written whatever they lie over. */
  readonly weight: number;
}

export interface Label {
  readonly id: string;
  readonly text: string;
  readonly x: number;
  readonly y: number;
  readonly anchor: 'start' | 'middle' | 'end';
}

export const always = 9;
const [letterPx, linePx, gapPx] = [7, 15, 3] as const;
const [lettersLeast, lettersMost] = [5, 24] as const;

interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** Names stand away from the middle, so that lines do not run through them. */
export function placeLabels(marks: readonly Mark[], side: number): readonly Label[] {
  const taken: { readonly id: string; readonly box: Box }[] = marks.map(({ id, x, y, radius }) => ({ id, box: { left: x - radius, right: x + radius, top: y - radius, bottom: y + radius } }));
  const labels: Label[] = [];
  for (const mark of [...marks].sort((a, b) => b.weight - a.weight)) {
    const spots = spotsOf(mark, side);
    const label = spots.find((spot) => !taken.some((other) => other.id !== mark.id && overlap(other.box, boxOf(spot)))) ?? (mark.weight < always ? undefined : spots[0]);
    if (label === undefined) continue;
    labels.push(label);
    // Not by the mark's id: its own label keeps others away as well.
    taken.push({ id: '', box: boxOf(label) });
  }
  return labels;
}

/** Where a name may stand, the best place first: away from the middle, then below its mark, then above it. */
function spotsOf(mark: Mark, side: number): readonly Label[] {
  const middle = side / 2;
  const anchor = Math.abs(mark.x - middle) < side * 0.05 ? 'middle' : mark.x > middle ? 'start' : 'end';
  const wishes = anchor === 'middle' ? [[anchor, mark.y >= middle] as const, [anchor, mark.y < middle] as const] : [[anchor, false] as const, ['middle', true] as const, ['middle', false] as const];
  return wishes.map(([each, below]) => labelAt(mark, side, each, below)).filter((label) => label !== null);
}

function labelAt({ id, x, y, radius, name }: Mark, side: number, anchor: Label['anchor'], below: boolean): Label | null {
  const at = anchor === 'middle' ? x : anchor === 'start' ? x + radius + gapPx : x - radius - gapPx;
  const room = anchor === 'start' ? side - at : anchor === 'end' ? at : 2 * Math.min(at, side - at);
  const most = Math.min(lettersMost, Math.floor(room / letterPx));
  if (most < lettersLeast) return null;
  const letters = [...name];
  const text = letters.length > most ? `${letters.slice(0, most - 1).join('')}…` : name;
  return { id, text, anchor, x: at, y: anchor === 'middle' ? (below ? y + radius + linePx - gapPx : y - radius - gapPx) : y + 4 };
}

function boxOf({ text, x, y, anchor }: Label): Box {
  const width = [...text].length * letterPx;
  const left = anchor === 'start' ? x : anchor === 'end' ? x - width : x - width / 2;
  return { left, right: left + width, top: y - linePx + 4, bottom: y + 4 };
}

function overlap(a: Box, b: Box): boolean {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}
