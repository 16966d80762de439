import { formatAddress } from "../address/address.ts";
import { formatCidr } from "../address/cidr.ts";
import type { Interval } from "../address/interval.ts";
import type { RangeSet } from "../address/range.ts";
import type { Labels } from "./node-labels.ts";

/** The address space of networks that name none. */
export const DEFAULT_SPACE = "default";

/** One network of the configuration: the part that decisions about addresses need. */
export interface Network {
  readonly name: string;
  /** Scope in which an address is unique (docs/design.md section 3, "address space"). */
  readonly space: string;
  /** One address comes from each set, in this order. */
  readonly sets: readonly RangeSet[];
  readonly exclude: readonly Interval[];
  readonly coolingSeconds: number;
  /** ADD may not create the store's identity (ONE-STORE). */
  readonly requireInit: boolean;
  /** Each node has ranges of its own under this name; undefined where no configuration is at hand. */
  readonly nodeLocal?: boolean;
  readonly policy?: PoolPolicy;
}

/** Which pods may take addresses of a pool (docs/design.md section 7, pools). An absent field allows all. */
export interface PoolPolicy {
  readonly pool: string;
  readonly nodes?: Labels;
  readonly namespaces?: readonly string[];
  readonly fixedNamespaces?: readonly string[];
  readonly maxPerNamespace?: number;
}

/** A pool's addresses, and which nodes may use it. */
export interface PoolOfNodes {
  readonly space: string;
  readonly intervals: readonly Interval[];
  /** Labels that a node must have; absent: every node may. */
  readonly nodes?: Labels;
}

const keys = new WeakMap<Network, string>();

/** Equal for networks whose pools are equal, position by position. */
export function networkKey(network: Network): string {
  const known = keys.get(network);
  if (known !== undefined) return known;
  const key = JSON.stringify([network.name, network.space, describeNetwork(network)]);
  keys.set(network, key);
  return key;
}

/** Canonical text of a network's ranges, gateways and exclusions: equal for equal configurations. */
export function describeNetwork(network: Network): string {
  // Not formatInterval: records hold this text, and another one would be taken for a change.
  const interval = ({ first, last }: Interval) => `${formatAddress(first)}-${formatAddress(last)}`;
  const sets = network.sets.map(({ ranges }) =>
    ranges
      .map(({ subnet, dynamic, fixed, gateway }) =>
        [
          formatCidr(subnet),
          interval(dynamic),
          ...(fixed ? [`fixed ${interval(fixed)}`] : []),
          `gateway ${gateway ? formatAddress(gateway) : "none"}`,
        ].join(" "),
      )
      .join(" or "),
  );
  const exclude = network.exclude.map(interval).sort();
  return [...sets, ...(exclude.length > 0 ? [`exclude ${exclude.join(", ")}`] : [])].join("; ");
}
