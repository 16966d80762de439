import { type Address, formatAddress } from "../../address/address.ts";
import { type Cidr, cidrInterval, formatCidr, parseCidr } from "../../address/cidr.ts";
import { type RangeSet, subnetsOfSets } from "../../address/range.ts";
import { remembered } from "../../address/remembered.ts";
import { allHolding } from "../../address/segments.ts";
import type { PoolInSpace } from "../../config/parse/parse-node-configuration.ts";
import { BoundedMap } from "../../ipam/bounded-map.ts";
import { describedNetwork } from "../../ipam/integrity/described-network.ts";
import { definitionsInForce } from "../../ipam/network-definitions.ts";
import type { NetworkRecord } from "../../ipam/records.ts";
import type { CallOptions, Store } from "../../ipam/store-port.ts";
import { type Finding, warn } from "./finding.ts";
import type { Wishes } from "./wishes.ts";

/** A network that some node has used, as the store knows it; one for each definition of its name that is in force. */
export interface KnownNetwork {
  readonly name: string;
  readonly space: string;
  readonly subnets: readonly Cidr[];
  readonly sets: readonly RangeSet[];
  /** Which set has which subnet is not known: it may have more sets than this. */
  readonly guessed?: true;
}

export async function knownNetworks(store: Store, options: CallOptions): Promise<KnownNetwork[]> {
  const read = readBefore(store);
  const known: KnownNetwork[] = [];
  for await (const { ref, record, revision } of store.list({ kind: "network" }, options)) {
    const before = read.get(ref.name);
    const networks = before?.revision === revision ? before.networks : ofRecord(ref.name, record);
    read.set(ref.name, { revision, networks });
    known.push(...networks);
  }
  return known;
}

/** Networks are many and large, and change seldom; each review asks for all. */
const readBefore = remembered(
  (_: Store) =>
    new BoundedMap<string, { readonly revision: number; readonly networks: readonly KnownNetwork[] }>(1_024),
);

function ofRecord(name: string, record: NetworkRecord): KnownNetwork[] {
  return definitionsInForce(record).map((definition) => {
    const { guessed, sets, space } = describedNetwork(name, definition);
    return { name, space, subnets: definition.subnets.map(parseCidr), sets, ...(guessed && { guessed }) };
  });
}

/** A pool is known before the first pod uses it. */
export function networkOfPool({ name, sets, space }: PoolInSpace): KnownNetwork {
  return { name, space, subnets: subnetsOfSets(sets), sets };
}

/** Which of the known networks may be meant with an address: by the key's suffix, and by their subnets. */
export function networksFor(
  address: Address,
  suffix: string | undefined,
  known: readonly KnownNetwork[],
): readonly KnownNetwork[] {
  const holding = networksWith(known)(address);
  const named = holding.filter(({ name }) => name === suffix);
  if (named.length > 0) return named;
  return known.some(({ name }) => name === suffix) ? [] : holding;
}

const networksWith = remembered((known: readonly KnownNetwork[]) =>
  allHolding(known, ({ subnets }) => subnets.map(cidrInterval)),
);

/**
 * Addresses in no subnet of any known network. Only a warning: the store learns of a network when its
 * first pod starts, and this pod may be that one.
 */
export function judgeSubnets({ fixed, sets }: Wishes, known: readonly KnownNetwork[]): Finding[] {
  const named = fixed.map(({ address, source, suffix }) => ({ address, source, suffix }));
  const ends = sets.flatMap(({ intervals, source, suffix }) =>
    intervals.flatMap(({ first, last }) => [first, last].map((address) => ({ address, source, suffix }))),
  );
  const outside = [...named, ...ends].find(
    ({ address, suffix }) => networksFor(address, suffix, known).length === 0,
  );
  if (outside === undefined) return [];
  const { address, source } = outside;
  return [
    warn(
      `${source}: ${formatAddress(address)} lies in no subnet of the networks in use ` +
        `(${known.map(describe).join("; ").slice(0, 120)}): unless a new network has it, the pod will not start`,
    ),
  ];
}

function describe({ name, subnets }: KnownNetwork): string {
  return `'${name}' ${subnets.map(formatCidr).join(", ")}`;
}
