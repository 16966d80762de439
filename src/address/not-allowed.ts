import { type Address, equalAddresses, offsetAddress } from "./address.ts";
import { cidrContains, formatCidr, lastOf, networkOf } from "./cidr.ts";
import { type Interval, intervalContains, oneAddress } from "./interval.ts";
import { formatInterval } from "./interval-text.ts";
import type { Range, RangeSet } from "./range.ts";

/** Addresses that a network never allocates, with the reason unless it is `exclude`. */
export interface Exclusion extends Interval {
  /** Continues "address … is not allowed: it ": for example "belongs to pool 'db-120'". */
  readonly because?: string;
}

/** What the rules about single addresses need to know of a network. */
export interface Rules {
  readonly sets: readonly RangeSet[];
  readonly exclude: readonly Exclusion[];
}

/** Addresses that nobody ever gets (docs/design.md section 4, "Never given out"). */
export function neverGivenOut({ sets, exclude }: Rules): Interval[] {
  return [
    ...exclude,
    ...rangesOf(sets)
      .flatMap(specialAddresses)
      .map(([address]) => oneAddress(address)),
  ];
}

/** Why an address is never allocated, as a message says it; undefined when it may be. */
export function whyNotAllowed({ sets, exclude }: Rules, address: Address): string | undefined {
  for (const range of rangesOf(sets)) {
    for (const [special, reason] of specialAddresses(range)) {
      if (equalAddresses(special, address)) return reason;
    }
  }
  const excluded = exclude.find((interval) => intervalContains(interval, address));
  if (excluded === undefined) return undefined;
  const interval = formatInterval(excluded);
  return excluded.because ? `it ${excluded.because} (${interval})` : `it is excluded (${interval})`;
}

function specialAddresses({ subnet, gateway }: Range): [Address, string][] {
  const name = formatCidr(subnet);
  const special: [Address, string][] = [];
  if (subnet.address.family === 4) {
    special.push([networkOf(subnet), `it is the network address of ${name}`]);
    special.push([lastOf(subnet), `it is the broadcast address of ${name}`]);
  } else special.push([networkOf(subnet), `it is the subnet-router anycast address of ${name}`]);
  if (gateway !== undefined) special.push([gateway, `it is the subnet's gateway (${name})`]);
  // bridge with isGateway takes network + 1 for itself where the result names no gateway.
  else
    special.push([
      offsetAddress(networkOf(subnet), 1n),
      `main plugins take it for a gateway (${name} names none)`,
    ]);
  return special.filter(([address]) => cidrContains(subnet, address));
}

function rangesOf(sets: readonly RangeSet[]): Range[] {
  return sets.flatMap(({ ranges }) => ranges);
}
