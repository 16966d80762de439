import type { Cidr } from "../../address/cidr.ts";
import { cidrContains } from "../../address/cidr.ts";
import type { Interval } from "../../address/interval.ts";
import { widestSubnet } from "../../address/range.ts";
import type { NetworkRecord } from "../records.ts";

/** A wish for another network than the one that is judged: an address outside of it, or a key for another. */
export interface Unclaimed {
  readonly key: string;
  /** The value, or the part of it, for messages. */
  readonly text: string;
  /** Network or interface that the key names. */
  readonly scope?: string;
  /** The addresses that it names; empty where it names none, or its value cannot be read. */
  readonly asks: readonly Interval[];
}

/** A network that the store, or a definition, tells of. */
export interface KnownNetwork {
  readonly name: string;
  /** Of all definitions of the name that are in force, where the store tells. */
  readonly subnets: readonly Cidr[];
  /** What the store keeps of it, where that tells. */
  readonly record?: NetworkRecord;
  /** See `NetworkRecord.further`. */
  readonly further?: boolean;
}

/** Whether the network could give every address that is asked for; false where none is. */
export function holdsAll({ subnets }: Pick<KnownNetwork, "subnets">, asks: readonly Interval[]): boolean {
  return (
    asks.length > 0 &&
    asks.every(({ first, last }) => {
      const subnet = widestSubnet(subnets, first);
      return subnet !== undefined && cidrContains(subnet, last);
    })
  );
}
