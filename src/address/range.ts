import { type Address, compareAddresses } from "./address.ts";
import { type Cidr, cidrInterval } from "./cidr.ts";
import { type Interval, intersect, overlaps } from "./interval.ts";
import { remembered } from "./remembered.ts";
import { allHolding, firstHolding } from "./segments.ts";

/** A part of a subnet from which addresses are given out. */
export interface Range {
  /** The network's address, no host bits. */
  readonly subnet: Cidr;
  /** rangeStart..rangeEnd as configured or defaulted. */
  readonly dynamic: Interval;
  /** fixedStart..fixedEnd: inside the subnet, never given out dynamically. */
  readonly fixed?: Interval;
  /** What the result names as gateway; absent where the configuration says none. */
  readonly gateway?: Address;
}

/** What is known of a range, at the least its subnet. */
export type RangePart = Pick<Range, "subnet"> & Partial<Range>;

/** Fallback order: the next range is used when the ones before are full. One family. */
export interface RangeSet {
  readonly ranges: readonly Range[];
}

/**
 * The range of a set that an address belongs to, and has gateway and prefix of: the one that gives it
 * out, else the one that keeps it for fixed addresses, else the first of its subnet, because a fixed
 * address may lie outside rangeStart-rangeEnd. Undefined where no subnet of the set holds it.
 */
export function rangeOf<R extends RangePart>(
  { ranges }: { readonly ranges: readonly R[] },
  address: Address,
): R | undefined {
  return rangeFinder(ranges)(address) as R | undefined;
}

/** Networks and addresses are many (CAPPED): what a lookup needs is put in order once. */
const rangeFinder = remembered((ranges: readonly RangePart[]) => {
  const within = (part: Interval | undefined, { subnet }: RangePart) =>
    part === undefined ? [] : intersect(part, cidrInterval(subnet));
  const byDynamic = firstHolding(ranges, (range) => within(range.dynamic, range));
  const byFixed = firstHolding(ranges, (range) => within(range.fixed, range));
  const bySubnet = firstHolding(ranges, ({ subnet }) => [cidrInterval(subnet)]);
  return (address: Address) => byDynamic(address) ?? byFixed(address) ?? bySubnet(address);
});

/** The same among several sets: the first set whose subnets hold the address tells. */
export function rangeAmong(sets: readonly RangeSet[], address: Address): Range | undefined {
  const [set] = setsWithSubnetOf(sets, address);
  return set && rangeOf(set, address);
}

/** The sets one of whose subnets holds the address, in their order. */
export function setsWithSubnetOf(sets: readonly RangeSet[], address: Address): readonly RangeSet[] {
  return bySubnets(sets)(address);
}

const bySubnets = remembered((sets: readonly RangeSet[]) =>
  allHolding(sets, ({ ranges }) => ranges.map(({ subnet }) => cidrInterval(subnet))),
);

/** The sets that give the address out dynamically, in their order: one, where ranges are disjoint. */
export function setsGivingOut(sets: readonly RangeSet[], address: Address): readonly RangeSet[] {
  return byDynamics(sets)(address);
}

const byDynamics = remembered((sets: readonly RangeSet[]) =>
  allHolding(sets, ({ ranges }) => ranges.map(({ dynamic }) => dynamic)),
);

/** The sets one of whose subnets holds the whole interval, in their order. */
export function setsWithSubnetFor(sets: readonly RangeSet[], { first, last }: Interval): RangeSet[] {
  return byWidest(sets)(first)
    .filter(({ subnet }) => last.value <= subnet.last.value)
    .map(({ set }) => set);
}

/** Of the subnets of one set that lie in each other only the widest counts, so that each set is there once. */
const byWidest = remembered((sets: readonly RangeSet[]) =>
  allHolding(
    sets.flatMap((set) => widestOf(set).map((subnet) => ({ set, subnet }))),
    ({ subnet }) => [subnet],
  ),
);

function widestOf({ ranges }: RangeSet): Interval[] {
  const widest: Interval[] = [];
  const byWidth = ranges.map(({ subnet }) => subnet).sort((a, b) => a.prefix - b.prefix);
  const inOrder = byWidth.map(cidrInterval).sort((a, b) => compareAddresses(a.first, b.first));
  for (const subnet of inOrder) {
    const before = widest.at(-1);
    if (before === undefined || !overlaps(before, subnet)) widest.push(subnet);
  }
  return widest;
}

/** The largest of the subnets that hold an address: what any of them holds beside it, this one does. */
export function widestSubnet(subnets: readonly Cidr[], address: Address): Cidr | undefined {
  return byWidth(subnets)(address);
}

const byWidth = remembered((subnets: readonly Cidr[]) =>
  firstHolding(
    [...subnets].sort((a, b) => a.prefix - b.prefix),
    (subnet) => [cidrInterval(subnet)],
  ),
);

/** The subnets of all ranges. */
export function subnetsOfSets(sets: readonly RangeSet[]): Cidr[] {
  return sets.flatMap(({ ranges }) => ranges.map(({ subnet }) => subnet));
}
