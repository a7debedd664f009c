import { failure } from '../base/failure.ts';
import { isPrivateDomain, meshZone, privateSuffixes } from '../base/private-names.ts';
import { type NetworkColour, networkColours, suffixPattern } from '../contract/networks.ts';

/** What tells the networks of this machine apart. */
export interface NetworkMarks {
  readonly colour: NetworkColour;
  /** Of the names of its devices on this machine, `home.internal`; no other network here has it. */
  readonly suffix: string;
}

/** The colour that the fewest networks have, the first of equals. */
export function freeColour(taken: readonly NetworkColour[]): NetworkColour {
  const uses = (colour: NetworkColour): number => taken.filter((other) => other === colour).length;
  return networkColours.reduce((best, next) => (uses(next) < uses(best) ? next : best));
}

/** `Home` is home.internal, a second one home-2.internal; a name without a Latin letter or digit is mesh.internal. */
export function freeSuffix(name: string, taken: readonly string[]): string {
  const label = name.normalize('NFKD').toLowerCase().replace(/\p{M}/gu, '').replace(/[^a-z0-9]+/g, '-').replace(/^-+|-+$/g, '').slice(0, 40).replace(/-+$/, '') || 'mesh';
  for (let number = 1; ; number++) {
    const suffix = `${number === 1 ? label : `${label}-${number}`}.internal`;
    if (![meshZone, ...taken].some((other) => overlap(other, suffix))) return suffix;
  }
}

/**
 * The suffix as it is kept. Throws input.invalid for one that is no domain of two labels or more, that may be somebody's on the Internet, or
 * that overlaps with another network's or with the zone that every network has: resolvers give the longer one what the shorter one's devices are called.
 */
export function checkSuffix(text: string, others: readonly { readonly name: string; readonly suffix: string }[]): string {
  const suffix = text.trim().toLowerCase().replace(/^\.+|\.$/g, '');
  if (!suffixPattern.test(suffix)) throw failure('input.invalid', { field: 'suffix', problem: 'at least two parts of letters, digits and dashes, such as home.internal', given: text.slice(0, 100) });
  if (!isPrivateDomain(suffix)) throw failure('input.invalid', { field: 'suffix', problem: `below one of ${privateSuffixes.join(', ')}: other domains are somebody's on the Internet`, given: suffix });
  if (overlap(meshZone, suffix)) throw failure('input.invalid', { field: 'suffix', problem: 'names under webmesh.internal belong to every network', given: suffix });
  const other = others.find((known) => overlap(known.suffix, suffix));
  if (other) throw failure('input.invalid', { field: 'suffix', problem: other.suffix === suffix ? `the network ${other.name} has it already` : `it overlaps with ${other.suffix} of the network ${other.name}`, given: suffix });
  return suffix;
}

/** Equal, or one lies inside of the other. */
function overlap(a: string, b: string): boolean {
  return a === b || a.endsWith(`.${b}`) || b.endsWith(`.${a}`);
}

/** Gives each network that has none its marks, in order: documents of older versions know no marks. */
export function withMarks<T extends { readonly name: string; readonly colour?: NetworkColour | undefined; readonly suffix?: string | undefined }>(list: readonly T[]): (T & NetworkMarks)[] {
  const colours = list.flatMap(({ colour }) => colour ?? []);
  const suffixes = list.flatMap(({ suffix }) => suffix ?? []);
  return list.map((one) => {
    const colour = one.colour ?? freeColour(colours);
    const suffix = one.suffix ?? freeSuffix(one.name, suffixes);
    if (one.colour === undefined) colours.push(colour);
    if (one.suffix === undefined) suffixes.push(suffix);
    return { ...one, colour, suffix };
  });
}
