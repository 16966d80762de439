import { type Address, tryParseAddress } from "./address.ts";
import { cidrInterval, tryParseCidr } from "./cidr.ts";

/** All addresses from `first` to `last`, both included; one family; first <= last. */
export interface Interval {
  readonly first: Address;
  readonly last: Address;
}

/**
 * Reads one address, `first-last`, or a CIDR (the whole block, whatever its host bits say).
 * Undefined for anything else, for two families, and for a first behind its last.
 */
export function tryParseInterval(text: string): Interval | undefined {
  if (text.includes("/")) {
    const cidr = tryParseCidr(text);
    return cidr && cidrInterval(cidr);
  }
  const ends = text.split("-").map((end) => tryParseAddress(end.trim()));
  const [first, last = first] = ends;
  if (ends.length > 2 || ends.includes(undefined) || first === undefined || last === undefined)
    return undefined;
  return first.family === last.family && first.value <= last.value ? { first, last } : undefined;
}

export function intervalContains({ first, last }: Interval, address: Address): boolean {
  return first.family === address.family && first.value <= address.value && address.value <= last.value;
}

export function overlaps(a: Interval, b: Interval): boolean {
  return a.first.family === b.first.family && a.first.value <= b.last.value && b.first.value <= a.last.value;
}

/** What two intervals share: one interval, or none. */
export function intersect(a: Interval, b: Interval): Interval[] {
  if (!overlaps(a, b)) return [];
  return [
    {
      first: a.first.value > b.first.value ? a.first : b.first,
      last: a.last.value < b.last.value ? a.last : b.last,
    },
  ];
}

/** What is left of `whole` without `holes`, in order; holes may overlap and come in any order. */
export function subtract(whole: Interval, holes: readonly Interval[]): Interval[] {
  const { family } = whole.first;
  const left: Interval[] = [];
  let next = whole.first.value;
  for (const hole of inOrder(holes.filter((candidate) => overlaps(whole, candidate)))) {
    if (hole.first.value > next) {
      left.push({ first: { family, value: next }, last: { family, value: hole.first.value - 1n } });
    }
    if (hole.last.value >= next) next = hole.last.value + 1n;
  }
  if (next <= whole.last.value) left.push({ first: { family, value: next }, last: whole.last });
  return left;
}

function inOrder(intervals: readonly Interval[]): Interval[] {
  return [...intervals].sort((a, b) => (a.first.value < b.first.value ? -1 : 1));
}
