import { type Address, equalAddresses, offsetAddress } from "./address.ts";
import { cidrContains, formatCidr, lastOf, networkOf } from "./cidr.ts";
import { type Interval, intervalContains, oneAddress } from "./interval.ts";
import { formatInterval } from "./interval-text.ts";
import type { Range, RangeSet } from "./range.ts";
import { remembered } from "./remembered.ts";

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
export const neverGivenOut = remembered(({ sets, exclude }: Rules): readonly Interval[] => [
  ...exclude,
  ...rangesOf(sets)
    .flatMap(specialAddresses)
    .map(({ address }) => oneAddress(address)),
]);

/** Why an address is never allocated, as a message says it; undefined when it may be. */
export function whyNotAllowed({ sets, exclude }: Rules, address: Address): string | undefined {
  for (const range of rangesOf(sets)) {
    if (!cidrContains(range.subnet, address)) continue;
    const special = specialAddresses(range).find((each) => equalAddresses(each.address, address));
    if (special !== undefined) return special.because(formatCidr(range.subnet));
  }
  const excluded = exclude.find((interval) => intervalContains(interval, address));
  if (excluded === undefined) return undefined;
  const interval = formatInterval(excluded);
  return excluded.because ? `it ${excluded.because} (${interval})` : `it is excluded (${interval})`;
}

interface Special {
  readonly address: Address;
  /** Says it of the subnet of this name. */
  readonly because: (subnet: string) => string;
}

function specialAddresses({ subnet, gateway }: Range): Special[] {
  const network = networkOf(subnet);
  const special: Special[] =
    subnet.address.family === 4
      ? [
          { address: network, because: (name) => `it is the network address of ${name}` },
          { address: lastOf(subnet), because: (name) => `it is the broadcast address of ${name}` },
        ]
      : [{ address: network, because: (name) => `it is the subnet-router anycast address of ${name}` }];
  if (gateway !== undefined)
    special.push({ address: gateway, because: (name) => `it is the subnet's gateway (${name})` });
  // bridge with isGateway takes network + 1 for itself where the result names no gateway.
  else
    special.push({
      address: offsetAddress(network, 1n),
      because: (name) => `main plugins take it for a gateway (${name} names none)`,
    });
  return special.filter(({ address }) => cidrContains(subnet, address));
}

function rangesOf(sets: readonly RangeSet[]): Range[] {
  return sets.flatMap(({ ranges }) => ranges);
}
