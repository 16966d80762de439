import type { Family } from "../../address/address.ts";
import type { AddressValue, Taken, TakenKind } from "../audit/usage.ts";
import { intervalOf } from "../reserve/reserved-ranges.ts";
import type { AddressKey } from "./address-key.ts";
import type { StoreIndex } from "./store-index.ts";

/** What the index knows to be taken, to count it. */
export function takenIn(store: StoreIndex): Taken {
  const keys: Readonly<Record<TakenKind, (space: string) => Iterable<AddressKey>>> = {
    allocation: (space) => store.allocations.in(space).keys(),
    reservation: (space) => store.reservations.in(space).keys(),
    cooling: (space) => store.cooling.get(space) ?? [],
  };
  return {
    values: (kind, space, family) => ofFamily(keys[kind](space), family),
    ranges: (space) => (store.reservedRanges.get(space)?.record.ranges ?? []).map(intervalOf),
  };
}

function* ofFamily(keys: Iterable<AddressKey>, family: Family): Iterable<AddressValue> {
  for (const key of keys) if ((typeof key === "number") === (family === 4)) yield key;
}
