import type { AddressKey } from "./address-key.ts";
import { rowsOf } from "./allocation-table.ts";
import type { PodIndex } from "./pod-index.ts";
import type { StoreIndex } from "./store-index.ts";

/** Around some addresses and pods: who shows the addresses, and what else the pods have. */
export interface Neighbours {
  /** The pods that hold or show the address. */
  podsAt(key: AddressKey): ReadonlySet<AddressKey>;
  /** The addresses that the pod holds. */
  heldBy(pod: AddressKey): readonly AddressKey[];
}

/** Goes through the index twice, however many addresses and pods there are. */
export function neighboursOf(
  keys: ReadonlySet<AddressKey>,
  asked: Iterable<AddressKey>,
  store: StoreIndex,
  pods: PodIndex,
): Neighbours {
  const at = new Map<AddressKey, Set<AddressKey>>();
  const note = (key: AddressKey, pod: AddressKey) => {
    const known = at.get(key);
    if (known === undefined) at.set(key, new Set([pod]));
    else known.add(pod);
  };
  for (const key of keys)
    for (const row of store.allocations.of(key)) for (const { pod } of rowsOf(row)) note(key, pod);
  pods.each((pod, { shown }) => {
    for (const key of shown) if (keys.has(key)) note(key, pod);
  });
  const held = new Map<AddressKey, AddressKey[]>();
  for (const pod of asked) held.set(pod, []);
  for (const of of at.values()) for (const pod of of) held.set(pod, []);
  for (const rows of store.allocations.spaces().values())
    rows.each((key, row) => {
      for (const { pod } of rowsOf(row)) held.get(pod)?.push(key);
    });
  return { podsAt: (key) => at.get(key) ?? NOBODY, heldBy: (pod) => held.get(pod) ?? [] };
}

const NOBODY: ReadonlySet<AddressKey> = new Set();
